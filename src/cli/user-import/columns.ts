/**
 * The columns of a row, in the order of an export. Platform administrators cannot be imported.
 */
export const columns: ReadonlySet<string> = new Set([
  'email',
  'name',
  'locale',
  'avatarUrl',
  'metadata',
  'emailVerified',
  'status',
  'passwordHash',
  'createdAt',
  'tenantSlug',
  'roleKeys',
]);
