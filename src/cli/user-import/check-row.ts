import { InvalidInputError } from '../../core/app-error.ts';
import type { UserStatus } from '../../core/entities.ts';
import {
  checkEmail,
  checkLocale,
  checkMetadata,
  checkOptionalText,
  checkSlug,
  checkUrl,
} from '../../core/input.ts';
import { findPasswordHashViolation } from '../../core/passwords/hash.ts';
import { roleKeyPattern, rolesPerMemberMax } from '../../domains/roles/rules.ts';
import { userNameMax } from '../../domains/users/service.ts';
import { trimName } from '../../lib/blanks.ts';
import { columns } from './columns.ts';

/** A user to store; null if the row has no value. */
export type UserRow = {
  email: string;
  name: string | null;
  locale: string | null;
  avatarUrl: string | null;
  /** As JSON. */
  metadata: string | null;
  isEmailVerified: boolean;
  status: UserStatus;
  passwordHash: string | null;
  createdAt: Date | null;
  /** The tenant to be a member of. */
  tenantSlug: string | null;
  /** Empty for the tenant's default role. */
  roleKeys: readonly string[];
};

type Fields = { readonly [column: string]: unknown };

/**
 * Checks a row of text (an empty cell means no value) or JSON values. Throws InvalidInputError naming the column.
 */
export function checkRow(fields: Fields): UserRow {
  const unknown = Object.keys(fields).find((name) => !columns.has(name));
  if (unknown !== undefined) throw createError(unknown.slice(0, 100), 'is no known column');
  const email = readText(fields, 'email');
  if (email === null) throw createError('email', 'is missing');
  const [locale, avatarUrl, slug] = [
    readText(fields, 'locale'),
    readText(fields, 'avatarUrl'),
    readText(fields, 'tenantSlug'),
  ];
  const roleKeys = readRoleKeys(fields);
  if (slug === null && roleKeys.length > 0) throw createError('roleKeys', 'needs a tenantSlug');
  return {
    email: checkEmail('email', email),
    name: checkOptionalText('name', readText(fields, 'name'), userNameMax),
    locale: locale === null ? null : checkLocale('locale', locale),
    avatarUrl: avatarUrl === null ? null : checkUrl('avatarUrl', avatarUrl),
    metadata: readMetadata(fields),
    isEmailVerified: readBoolean(fields, 'emailVerified'),
    status: readStatus(fields),
    passwordHash: readPasswordHash(fields),
    createdAt: readTime(fields, 'createdAt'),
    tenantSlug: slug === null ? null : checkSlug('tenantSlug', slug),
    roleKeys,
  };
}

function createError(field: string, problem: string): InvalidInputError {
  return new InvalidInputError(`"${field}" ${problem}.`, [field]);
}

/** Blank text counts as no value. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && !trimName(value));
}

function readText(fields: Fields, field: string): string | null {
  const value = fields[field];
  if (isEmpty(value)) return null;
  if (typeof value !== 'string') throw createError(field, 'must be text');
  return trimName(value);
}

function readMetadata({ metadata }: Fields): string | null {
  if (isEmpty(metadata)) return null;
  return JSON.stringify(checkMetadata('metadata', parseMetadata(metadata)));
}

function parseMetadata(metadata: unknown): unknown {
  if (typeof metadata !== 'string') return metadata;
  try {
    return JSON.parse(trimName(metadata));
  } catch {
    throw createError('metadata', 'must be a JSON object');
  }
}

function readBoolean(fields: Fields, field: string): boolean {
  const value = fields[field];
  if (isEmpty(value)) return false;
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? trimName(value).toLowerCase() : '';
  if (word !== 'true' && word !== 'false') throw createError(field, 'must be true or false');
  return word === 'true';
}

function readStatus(fields: Fields): UserStatus {
  const status = readText(fields, 'status')?.toLowerCase() ?? 'active';
  if (status === 'active' || status === 'suspended') return status;
  throw createError('status', 'must be ACTIVE or SUSPENDED');
}

function readPasswordHash(fields: Fields): string | null {
  const hash = readText(fields, 'passwordHash');
  const problem = hash === null ? null : findPasswordHashViolation(hash);
  if (problem !== null) throw createError('passwordHash', problem);
  return hash;
}

/** A day, or a time with its offset, because a local time would depend on the machine. */
const timePattern =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

function readTime(fields: Fields, field: string): Date | null {
  const text = readText(fields, field);
  if (text === null) return null;
  const time = new Date(timePattern.test(text) ? text : Number.NaN);
  if (Number.isNaN(time.getTime()))
    throw createError(field, 'must be such as 2024-05-31T09:30:00Z');
  if (time.getTime() > Date.now()) throw createError(field, 'must not be in the future');
  if (time.getTime() < 0) throw createError(field, 'must not be before 1970');
  return time;
}

/** A list, or a text with spaces or commas between the keys. */
function readRoleKeys({ roleKeys }: Fields): readonly string[] {
  if (isEmpty(roleKeys)) return [];
  const keys: unknown =
    typeof roleKeys === 'string' ? trimName(roleKeys).split(/[\s,;|]+/) : roleKeys;
  const isList =
    Array.isArray(keys) && keys.every((key) => typeof key === 'string' && roleKeyPattern.test(key));
  if (!isList || keys.length > rolesPerMemberMax) {
    throw createError('roleKeys', `must be at most ${rolesPerMemberMax} keys of roles`);
  }
  return [...new Set<string>(keys)];
}
