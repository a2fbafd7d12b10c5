import { InvalidInputError } from '../../core/app-error.ts';
import type { JsonObject } from '../../core/entities.ts';
import type { SessionLimits } from '../../core/runtime.ts';
import { trimCode } from '../../lib/blanks.ts';
import { canonicalizeEmail } from '../../lib/email.ts';

/** Pure decisions about what a tenant may set for itself; nothing here touches the database. */

/** Settings of a tenant; null where the platform's default applies. */
export type TenantSettings = {
  sessionIdleTimeoutSeconds: number | null;
  sessionAbsoluteTimeoutSeconds: number | null;
  /** The role of who joins without another being named. */
  defaultRoleKey: string;
  /** Canonical; empty for any. */
  allowedEmailDomains: readonly string[];
};

/** As stored: without what is not set. */
export type StoredSettings = Partial<TenantSettings>;

/** Fields to set, null to follow the platform again. */
export type SettingsPatch = { [Key in keyof TenantSettings]?: TenantSettings[Key] | null };

export const defaultSettings: TenantSettings = {
  sessionIdleTimeoutSeconds: null,
  sessionAbsoluteTimeoutSeconds: null,
  defaultRoleKey: 'member',
  allowedEmailDomains: [],
};

/** Shorter sessions would end while somebody is still typing. */
const lifetimeSecondsMin = 60;
const domainsMax = 50;

/** Stored settings with what is not set filled in. */
export function completeSettings(stored: StoredSettings): TenantSettings {
  return { ...defaultSettings, ...stored };
}

/** Stored settings after a patch. */
export function mergeSettings(stored: StoredSettings, patch: SettingsPatch): StoredSettings {
  const merged = Object.entries({ ...stored, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}

/**
 * Reads settings from an input. Lifetimes may only be tighter than the platform's `limits`. Throws
 * InvalidInputError that names the field.
 */
export function checkSettings(input: JsonObject, limits: SessionLimits): SettingsPatch {
  return Object.fromEntries(
    Object.entries(input).map(([field, value]) => {
      if (!Object.hasOwn(checks, field)) throw refuse(field, 'is not a setting');
      const check = checks[field as keyof TenantSettings];
      return [field, value === null ? null : check(field, value, limits)];
    }),
  );
}

/** True where the tenant lets people with this canonical e-mail address join. */
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
    throw refuse(field, 'must be the key of a role');
  },
  allowedEmailDomains: (field, value) => {
    if (!Array.isArray(value) || value.length > domainsMax) {
      throw refuse(field, `must be a list of at most ${domainsMax} domains`);
    }
    return [...new Set(value.map((domain) => checkDomain(field, domain)))].sort();
  },
};

function checkSeconds(field: string, value: unknown, max: number): number {
  const isFine = Number.isInteger(value) && Number(value) <= max;
  if (isFine && Number(value) >= Math.min(lifetimeSecondsMin, max)) return Number(value);
  throw refuse(field, `must be a whole number between ${lifetimeSecondsMin} and ${max}`);
}

/** Domains are compared with those of canonical addresses, so they are read by the same rule. */
function checkDomain(field: string, value: unknown): string {
  const address = typeof value === 'string' ? canonicalizeEmail(`a@${trimCode(value)}`) : null;
  if (!address?.ok) throw refuse(field, 'must be domains such as example.com');
  return address.email.slice(2);
}

function refuse(field: string, fault: string): InvalidInputError {
  return new InvalidInputError(`"${field}" ${fault}.`, ['settings', field]);
}
