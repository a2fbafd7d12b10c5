import { InvalidInputError } from '../../core/app-error.ts';
import type { JsonObject } from '../../core/entities.ts';
import type { SessionLimits } from '../../core/runtime.ts';
import { trimCode } from '../../lib/blanks.ts';
import { canonicalizeEmail } from '../../lib/email.ts';

/** The settings of a tenant; null for the platform's default. */
export type TenantSettings = {
  sessionIdleTimeoutSeconds: number | null;
  sessionAbsoluteTimeoutSeconds: number | null;
  /** The role of members who join without a named one. */
  defaultRoleKey: string;
  /** Canonical; empty for any. */
  allowedEmailDomains: readonly string[];
};

/** Settings as stored, without those that are not set. */
export type StoredSettings = Partial<TenantSettings>;

/** Settings to change; null restores the platform's default. */
export type SettingsPatch = { [Key in keyof TenantSettings]?: TenantSettings[Key] | null };

export const defaultSettings: TenantSettings = {
  sessionIdleTimeoutSeconds: null,
  sessionAbsoluteTimeoutSeconds: null,
  defaultRoleKey: 'member',
  allowedEmailDomains: [],
};

/** Shorter sessions would expire while their user is typing. */
const lifetimeSecondsMin = 60;
const domainsMax = 50;

/** Adds the defaults to stored settings. */
export function completeSettings(stored: StoredSettings): TenantSettings {
  return { ...defaultSettings, ...stored };
}

/** Applies a patch to stored settings. */
export function mergeSettings(stored: StoredSettings, patch: SettingsPatch): StoredSettings {
  const merged = Object.entries({ ...stored, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}

/**
 * Checks the settings of an input. Lifetimes may only be shorter than the platform's `limits`.
 * @throws InvalidInputError naming the field
 */
export function checkSettings(input: JsonObject, limits: SessionLimits): SettingsPatch {
  return Object.fromEntries(
    Object.entries(input).map(([field, value]) => {
      if (!Object.hasOwn(checks, field)) throw createError(field, 'is not a setting');
      const check = checks[field as keyof TenantSettings];
      return [field, value === null ? null : check(field, value, limits)];
    }),
  );
}

/** Whether users with this canonical e-mail address may join the tenant. */
export function isEmailAllowed(settings: TenantSettings, email: string): boolean {
  const { allowedEmailDomains } = settings;
  const domain = email.slice(email.lastIndexOf('@') + 1);
  return allowedEmailDomains.length === 0 || allowedEmailDomains.includes(domain);
}

type Check = (field: string, value: unknown, limits: SessionLimits) => unknown;

const checks: Record<keyof TenantSettings, Check> = {
  sessionIdleTimeoutSeconds: (field, value, limits) =>
    checkSeconds(field, value, limits.idleTimeoutSeconds),
  sessionAbsoluteTimeoutSeconds: (field, value, limits) =>
    checkSeconds(field, value, limits.absoluteTimeoutSeconds),
  defaultRoleKey: (field, value) => {
    if (typeof value === 'string') return trimCode(value);
    throw createError(field, 'must be the key of a role');
  },
  allowedEmailDomains: (field, value) => {
    if (!Array.isArray(value) || value.length > domainsMax) {
      throw createError(field, `must be a list of at most ${domainsMax} domains`);
    }
    return [...new Set(value.map((domain) => checkDomain(field, domain)))].sort();
  },
};

function checkSeconds(field: string, value: unknown, max: number): number {
  const isValid = Number.isInteger(value) && Number(value) <= max;
  if (isValid && Number(value) >= Math.min(lifetimeSecondsMin, max)) return Number(value);
  throw createError(field, `must be a whole number between ${lifetimeSecondsMin} and ${max}`);
}

/** Canonicalizes a domain like those of e-mail addresses, with which it is compared. */
function checkDomain(field: string, value: unknown): string {
  const address = typeof value === 'string' ? canonicalizeEmail(`a@${trimCode(value)}`) : null;
  if (!address?.ok) throw createError(field, 'must be domains such as example.com');
  return address.email.slice(2);
}

function createError(field: string, violation: string): InvalidInputError {
  return new InvalidInputError(`"${field}" ${violation}.`, ['settings', field]);
}
