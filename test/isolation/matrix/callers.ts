import { allPermissions, builtInRoles, ownersOnly } from '../../../src/core/access/permissions.ts';

/**
 * Everybody the matrix asks as. The stranger owns the foreign tenant; the bound one is an admin of
 * both, with a session that is bound to `home`, so that the other is as foreign as to anybody. The key is
 * a program's, made by the owner of `home` with all that a key can have. The impersonated one is a member
 * in whose name the platform administrator asks.
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

/** The tenants of the matrix: the members', the stranger's, and one of people who never ask. */
export const houses = ['home', 'foreign', 'third', 'office'] as const;
export type House = (typeof houses)[number];

/** Where a caller belongs. The platform administrator's is a tenant that no call is about. */
export const houseOf: Record<Caller, House | null> = {
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

/** The callers that are people. */
export type PersonalCaller = Exclude<Caller, 'anonymous' | 'key'>;

/** All that a key can have. */
export const keyPermissions = allPermissions.filter((permission) => !ownersOnly.has(permission));

/** What a caller may do in its own tenant, by its built-in role; nothing for who has none. */
export function listRights(caller: Caller): ReadonlySet<string> {
  if (caller === 'key') return new Set(keyPermissions);
  const role = builtInRoles.find(({ key }) => key === roleOf[caller]);
  return new Set(role?.permissions);
}
