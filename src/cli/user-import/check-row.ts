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

/** A person as it is to be stored; null stands for what the row does not say. */
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
  /** Empty for the role that the tenant gives by default. */
  roleKeys: readonly string[];
};

type Fields = { readonly [column: string]: unknown };

/**
 * Checks a row, whose values may be text throughout (a cell that is empty says nothing) or what JSON
 * has for them. Throws InvalidInputError naming the column.
 */
export function checkRow(fields: Fields): UserRow {
  const unknown = Object.keys(fields).find((name) => !columns.has(name));
  if (unknown !== undefined) throw refuse(unknown.slice(0, 100), 'is no known column');
  const email = readText(fields, 'email');
  if (email === null) throw refuse('email', 'is missing');
  const [locale, avatarUrl, slug] = [
    readText(fields, 'locale'),
    readText(fields, 'avatarUrl'),
    readText(fields, 'tenantSlug'),
  ];
  const roleKeys = readRoleKeys(fields);
  if (slug === null && roleKeys.length > 0) throw refuse('roleKeys', 'needs a tenantSlug');
  return {
    email: checkEmail('email', email),
    name: checkOptionalText('name', readText(fields, 'name'), userNameMax),
    locale: locale === null ? null : checkLocale('locale', locale),
    avatarUrl: avatarUrl === null ? null : checkUrl('avatarUrl', avatarUrl),
    metadata: readMetadata(fields),
    isEmailVerified: readBoolean(fields, 'emailVerified'),
    status: readStatus(fields),
    passwordHash: readPasswordHash(fields),
    createdAt: readMoment(fields, 'createdAt'),
    tenantSlug: slug === null ? null : checkSlug('tenantSlug', slug),
    roleKeys,
  };
}

function refuse(field: string, fault: string): InvalidInputError {
  return new InvalidInputError(`"${field}" ${fault}.`, [field]);
}

/** Blanks alone say nothing either. */
function isUnsaid(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && !trimName(value));
}

function readText(fields: Fields, field: string): string | null {
  const value = fields[field];
  if (isUnsaid(value)) return null;
  if (typeof value !== 'string') throw refuse(field, 'must be text');
  return trimName(value);
}

function readMetadata({ metadata }: Fields): string | null {
  if (isUnsaid(metadata)) return null;
  return JSON.stringify(checkMetadata('metadata', parseMetadata(metadata)));
}

function parseMetadata(metadata: unknown): unknown {
  if (typeof metadata !== 'string') return metadata;
  try {
    return JSON.parse(trimName(metadata));
  } catch {
    throw refuse('metadata', 'must be a JSON object');
  }
}

function readBoolean(fields: Fields, field: string): boolean {
  const value = fields[field];
  if (isUnsaid(value)) return false;
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? trimName(value).toLowerCase() : '';
  if (word !== 'true' && word !== 'false') throw refuse(field, 'must be true or false');
  return word === 'true';
}

function readStatus(fields: Fields): UserStatus {
  const status = readText(fields, 'status')?.toLowerCase() ?? 'active';
  if (status === 'active' || status === 'suspended') return status;
  throw refuse('status', 'must be ACTIVE or SUSPENDED');
}

function readPasswordHash(fields: Fields): string | null {
  const hash = readText(fields, 'passwordHash');
  const fault = hash === null ? null : findPasswordHashViolation(hash);
  if (fault !== null) throw refuse('passwordHash', fault);
  return hash;
}

/** A day, or a moment with its offset: without one it would depend on the machine that reads it. */
const momentForm =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

function readMoment(fields: Fields, field: string): Date | null {
  const text = readText(fields, field);
  if (text === null) return null;
  const moment = new Date(momentForm.test(text) ? text : Number.NaN);
  if (Number.isNaN(moment.getTime())) throw refuse(field, 'must be such as 2024-05-31T09:30:00Z');
  if (moment.getTime() > Date.now()) throw refuse(field, 'must not be in the future');
  if (moment.getTime() < 0) throw refuse(field, 'must not be before 1970');
  return moment;
}

/** A list, or a text with spaces or commas between the keys. */
function readRoleKeys({ roleKeys }: Fields): readonly string[] {
  if (isUnsaid(roleKeys)) return [];
  const keys: unknown =
    typeof roleKeys === 'string' ? trimName(roleKeys).split(/[\s,;|]+/) : roleKeys;
  const isList =
    Array.isArray(keys) && keys.every((key) => typeof key === 'string' && roleKeyPattern.test(key));
  if (!isList || keys.length > rolesPerMemberMax) {
    throw refuse('roleKeys', `must be at most ${rolesPerMemberMax} keys of roles`);
  }
  return [...new Set<string>(keys)];
}
