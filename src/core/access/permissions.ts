/** A permission, described for people. */
export type PermissionInfo = {
  title: string;
  description: string;
  /** True where a mistake cannot be taken back, or gives power to others. */
  isDangerous: boolean;
};

/**
 * The catalogue: every permission there is. The API's `permissions` field, the built-in roles and
 * all checks are made from it; this is the place to add one.
 */
export const permissionCatalogue = {
  'tenant:read': {
    title: 'See the tenant',
    description: 'See its name, slug, status, owners and how many people belong to it.',
    isDangerous: false,
  },
  'tenant:update': {
    title: 'Change the tenant',
    description: 'Change its name, slug, metadata and settings.',
    isDangerous: false,
  },
  'tenant:own': {
    title: 'Own the tenant',
    description: 'Make and unmake owners. At least one member always holds this.',
    isDangerous: true,
  },
  'tenant:delete': {
    title: 'Delete the tenant',
    description: 'Have it erased after a time in which it can still be restored, and restore it.',
    isDangerous: true,
  },
  'members:read': {
    title: 'See members',
    description: 'List the people of the tenant with their roles and last sign-in.',
    isDangerous: false,
  },
  'members:update': {
    title: 'Change members',
    description: 'Give and take roles, pause a membership. Never beyond the rights of the giver.',
    isDangerous: true,
  },
  'members:remove': {
    title: 'Remove members',
    description: 'End the membership of somebody with fewer rights.',
    isDangerous: true,
  },
  'members:invite': {
    title: 'Invite members',
    description:
      'Invite people by e-mail, and take invitations back. Never beyond the rights of the giver.',
    isDangerous: true,
  },
  'invitations:read': {
    title: 'See invitations',
    description: 'List who is invited to the tenant, by whom and with what roles.',
    isDangerous: false,
  },
  'roles:read': {
    title: 'See roles',
    description: 'List the roles of the tenant and what each allows.',
    isDangerous: false,
  },
  'roles:manage': {
    title: 'Manage roles',
    description: 'Create, change and delete roles. Never beyond the rights of who does it.',
    isDangerous: true,
  },
  'sessions:read': {
    title: 'See sessions',
    description: 'List the sessions that are bound to the tenant.',
    isDangerous: false,
  },
  'sessions:revoke': {
    title: 'End sessions',
    description: 'End sessions that are bound to the tenant.',
    isDangerous: true,
  },
  'audit:read': {
    title: 'Read the audit log',
    description: 'See what was done in the tenant, by whom and from where.',
    isDangerous: false,
  },
  'sessions:verify': {
    title: 'Verify sessions',
    description: 'Ask whether a session token is good and what its user may do in the tenant.',
    isDangerous: false,
  },
  'api-keys:read': {
    title: 'See API keys',
    description: 'List the API keys of the tenant, never the secrets, with what each may do.',
    isDangerous: false,
  },
  'api-keys:manage': {
    title: 'Manage API keys',
    description: 'Create, rotate and revoke API keys. Never beyond the rights of who does it.',
    isDangerous: true,
  },
  'api-keys:verify': {
    title: 'Verify API keys',
    description: 'Ask whether an API key is good and what it may do in the tenant.',
    isDangerous: false,
  },
} as const satisfies Record<string, PermissionInfo>;

export type Permission = keyof typeof permissionCatalogue;

export const allPermissions = Object.keys(permissionCatalogue) as Permission[];

/** A role that every tenant has. */
export type BuiltInRoleDefinition = {
  key: string;
  name: string;
  description: string;
  permissions: readonly Permission[];
};

/** Permissions of the owner role only: neither API keys nor impersonators have them. */
export const ownersOnly: ReadonlySet<string> = new Set([
  permission('tenant:own'),
  permission('tenant:delete'),
]);

/** The key of the built-in role that every tenant must have somebody in. */
export const ownerRoleKey = 'owner';

/** Written to the database each time it is opened; a change here reaches every tenant. */
export const builtInRoles: readonly BuiltInRoleDefinition[] = [
  {
    key: ownerRoleKey,
    name: 'Owner',
    description: 'Everything, including making other owners.',
    permissions: allPermissions,
  },
  {
    key: 'admin',
    name: 'Admin',
    description: 'Runs the tenant day to day: people, roles, sessions and API keys.',
    permissions: allPermissions.filter((permission) => !ownersOnly.has(permission)),
  },
  {
    key: 'member',
    name: 'Member',
    description: 'Works in the tenant and sees who else does.',
    permissions: ['tenant:read', 'members:read', 'roles:read'],
  },
  {
    key: 'viewer',
    name: 'Viewer',
    description: 'Sees the tenant, but not its people.',
    permissions: ['tenant:read', 'roles:read'],
  },
];

/** True for a name that stands in the catalogue. */
export function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissionCatalogue, name);
}

/**
 * Declares, where a module is loaded, that its code will ask for this permission. Throws for one that
 * is not in the catalogue, so that a server with a misspelt check does not even start.
 */
export function permission(name: string): Permission {
  if (isPermission(name)) return name;
  throw new Error(`The code asks for the permission "${name}", which is not in the catalogue.`);
}
