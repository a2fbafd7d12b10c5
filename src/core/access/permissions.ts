/** The description of a permission. */
export type PermissionInfo = {
  title: string;
  description: string;
  /** Whether a mistake cannot be undone, or gives power to others. */
  isDangerous: boolean;
};

/**
 * All permissions. The API's `permissions` field, the built-in roles and all checks derive from this catalogue; add
 * new ones here.
 */
export const permissionCatalogue = {
  'tenant:read': {
    title: 'View the tenant',
    description: 'View its name, slug, status, owners and number of members.',
    isDangerous: false,
  },
  'tenant:update': {
    title: 'Change the tenant',
    description: 'Change its name, slug, metadata and settings.',
    isDangerous: false,
  },
  'tenant:own': {
    title: 'Own the tenant',
    description: 'Add and remove owners. At least one member always has this permission.',
    isDangerous: true,
  },
  'tenant:delete': {
    title: 'Delete the tenant',
    description: 'Schedule its deletion, and restore it until it is erased.',
    isDangerous: true,
  },
  'members:read': {
    title: 'View members',
    description: 'List the members of the tenant with their roles and last sign-in.',
    isDangerous: false,
  },
  'members:update': {
    title: 'Change members',
    description: 'Assign and remove roles, pause a membership. Never beyond your own permissions.',
    isDangerous: true,
  },
  'members:remove': {
    title: 'Remove members',
    description: 'End the membership of someone with fewer permissions.',
    isDangerous: true,
  },
  'members:invite': {
    title: 'Invite members',
    description:
      'Invite people by e-mail, and revoke invitations. Never beyond your own permissions.',
    isDangerous: true,
  },
  'invitations:read': {
    title: 'View invitations',
    description: 'List the invitations to the tenant, their inviters and roles.',
    isDangerous: false,
  },
  'roles:read': {
    title: 'View roles',
    description: 'List the roles of the tenant and their permissions.',
    isDangerous: false,
  },
  'roles:manage': {
    title: 'Manage roles',
    description: 'Create, change and delete roles. Never beyond your own permissions.',
    isDangerous: true,
  },
  'sessions:read': {
    title: 'View sessions',
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
    description: 'View all actions in the tenant, with actor and IP address.',
    isDangerous: false,
  },
  'sessions:verify': {
    title: 'Verify sessions',
    description:
      "Check whether a session token is valid, and its user's permissions in the tenant.",
    isDangerous: false,
  },
  'api-keys:read': {
    title: 'View API keys',
    description: 'List the API keys of the tenant with their permissions, never their secrets.',
    isDangerous: false,
  },
  'api-keys:manage': {
    title: 'Manage API keys',
    description: 'Create, rotate and revoke API keys. Never beyond your own permissions.',
    isDangerous: true,
  },
  'api-keys:verify': {
    title: 'Verify API keys',
    description: 'Check whether an API key is valid, and its permissions in the tenant.',
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

/** The key of the built-in role that at least one member of every tenant has. */
export const ownerRoleKey = 'owner';

/** Written to the database at every start, so a change here applies to every tenant. */
export const builtInRoles: readonly BuiltInRoleDefinition[] = [
  {
    key: ownerRoleKey,
    name: 'Owner',
    description: 'Has all permissions, including adding other owners.',
    permissions: allPermissions,
  },
  {
    key: 'admin',
    name: 'Admin',
    description: 'Manages members, roles, sessions and API keys.',
    permissions: allPermissions.filter((permission) => !ownersOnly.has(permission)),
  },
  {
    key: 'member',
    name: 'Member',
    description: 'Views the tenant, its roles and its members.',
    permissions: ['tenant:read', 'members:read', 'roles:read'],
  },
  {
    key: 'viewer',
    name: 'Viewer',
    description: 'Views the tenant and its roles, but not its members.',
    permissions: ['tenant:read', 'roles:read'],
  },
];

/** Whether the catalogue has this permission. */
export function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissionCatalogue, name);
}

/**
 * Returns a permission of the catalogue by name. Called when a module loads, so that a server with a misspelt check
 * does not start.
 * @throws Error for an unknown name
 */
export function permission(name: string): Permission {
  if (isPermission(name)) return name;
  throw new Error(`The code uses the permission "${name}", which is not in the catalogue.`);
}
