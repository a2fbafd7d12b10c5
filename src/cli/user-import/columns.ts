/**
 * What a row may say of a person, in the order in which an export writes it. Nobody becomes a platform
 * administrator by a file.
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
