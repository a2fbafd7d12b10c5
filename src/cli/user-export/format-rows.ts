import { columns } from '../user-import/columns.ts';
import type { RowFormat } from '../user-import/read-rows.ts';
import type { ExportedUser } from './list-users.ts';

/** Data of memberships belongs to tenants too and is not exported. */
const membershipColumns: readonly string[] = ['tenantSlug', 'roleKeys'];

/** How people become text that an import reads again. */
export type RowFormatter = { header: string; toText: (users: readonly ExportedUser[]) => string };

/** Returns the formatter of a format; without password hashes there is no column for them. */
export function createFormatter(
  format: RowFormat,
  { hasPasswordHashes }: { hasPasswordHashes: boolean },
): RowFormatter {
  const names = [...columns].filter(
    (name) => !membershipColumns.includes(name) && (hasPasswordHashes || name !== 'passwordHash'),
  ) as (keyof ExportedUser)[];
  if (format === 'csv') {
    return {
      header: `${names.join(',')}\n`,
      toText: (users) => users.map((user) => toCsvLine(user, names)).join(''),
    };
  }
  return {
    header: '',
    toText: (users) => users.map((user) => toJsonLine(user, names)).join(''),
  };
}

/** Unknown values are left out, as in a row written by hand. */
function toJsonLine(user: ExportedUser, names: readonly (keyof ExportedUser)[]): string {
  const known = names.filter((name) => user[name] != null).map((name) => [name, user[name]]);
  return `${JSON.stringify(Object.fromEntries(known))}\n`;
}

function toCsvLine(user: ExportedUser, names: readonly (keyof ExportedUser)[]): string {
  return `${names.map((name) => toCell(user[name])).join(',')}\n`;
}

/** RFC 4180. */
function toCell(value: ExportedUser[keyof ExportedUser]): string {
  if (value == null) return '';
  if (value instanceof Date) return value.toISOString();
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
