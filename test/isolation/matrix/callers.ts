import { allPermissions, builtInRoles, ownersOnly } from '../../../src/core/access/permissions.ts';

/**
 * All callers of the matrix.
 * - stranger: the owner of the foreign tenant
 * - impersonated: a platform administrator who impersonates a member
 * - bound: an admin of both tenants, whose session is bound to `home`, so the other is foreign to it
 * - key: an API key that the owner of `home` created, with all permissions that a key can have
 */
export const callers = [
  'anonymous',
  'stranger',
  'viewer',
  'member',
  'impersonated',
  'admin',
  'bound',
  'owner',
  'key',
  'platformAdmin',
] as const;
export type Caller = (typeof callers)[number];

/** The tenants of the matrix: of the members, of the stranger, of no caller, and of the platform administrator. */
export const tenantNames = ['home', 'foreign', 'third', 'office'] as const;
export type TenantName = (typeof tenantNames)[number];

/** The tenant of each caller. No call is about the platform administrator's tenant. */
export const tenantOf: Record<Caller, TenantName | null> = {
  anonymous: null,
  stranger: 'foreign',
  viewer: 'home',
  member: 'home',
  impersonated: 'home',
  admin: 'home',
  bound: 'home',
  owner: 'home',
  key: 'home',
  platformAdmin: 'office',
};

const roleOf: Partial<Record<Caller, string>> = {
  stranger: 'owner',
  viewer: 'viewer',
  member: 'member',
  impersonated: 'member',
  admin: 'admin',
  bound: 'admin',
  owner: 'owner',
};

/** The callers that are users. */
export type PersonalCaller = Exclude<Caller, 'anonymous' | 'key'>;

/** All permissions that a key can have. */
export const keyPermissions = allPermissions.filter((permission) => !ownersOnly.has(permission));

/** The permissions of a caller in their own tenant, by built-in role; none without a role. */
export function listPermissions(caller: Caller): ReadonlySet<string> {
  if (caller === 'key') return new Set(keyPermissions);
  const role = builtInRoles.find(({ key }) => key === roleOf[caller]);
  return new Set(role?.permissions);
}
