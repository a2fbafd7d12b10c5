import { columns } from '../user-import/columns.ts';
import type { RowFormat } from '../user-import/read-rows.ts';
import type { ExportedUser } from './list-users.ts';

/** Memberships also belong to tenants and are not exported. */
const membershipColumns: readonly string[] = ['tenantSlug', 'roleKeys'];

/** Formats users as text that an import can read. */
export type RowFormatter = { header: string; toText: (users: readonly ExportedUser[]) => string };

/** The column for password hashes is optional. */
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
