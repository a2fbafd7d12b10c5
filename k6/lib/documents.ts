// The operations stand in files of their own, so that a test can hold them against the schema.
// `import.meta.resolve` makes the path independent of which script k6 was started with.

export const documents = {
  adminTenants: open(import.meta.resolve('../operations/admin-tenants.graphql')),
  createApiKey: open(import.meta.resolve('../operations/create-api-key.graphql')),
  createRole: open(import.meta.resolve('../operations/create-role.graphql')),
  deleteRole: open(import.meta.resolve('../operations/delete-role.graphql')),
  deleteTenant: open(import.meta.resolve('../operations/delete-tenant.graphql')),
  largeTenant: open(import.meta.resolve('../operations/large-tenant.graphql')),
  memberCursors: open(import.meta.resolve('../operations/member-cursors.graphql')),
  nestedMembers: open(import.meta.resolve('../operations/nested-members.graphql')),
  nestedTenants: open(import.meta.resolve('../operations/nested-tenants.graphql')),
  nestedViewer: open(import.meta.resolve('../operations/nested-viewer.graphql')),
  revokeApiKey: open(import.meta.resolve('../operations/revoke-api-key.graphql')),
  signIn: open(import.meta.resolve('../operations/sign-in.graphql')),
  signUp: open(import.meta.resolve('../operations/sign-up.graphql')),
  tenantMembers: open(import.meta.resolve('../operations/tenant-members.graphql')),
  updateProfile: open(import.meta.resolve('../operations/update-profile.graphql')),
  updateTenant: open(import.meta.resolve('../operations/update-tenant.graphql')),
  verifyApiKey: open(import.meta.resolve('../operations/verify-api-key.graphql')),
  verifySession: open(import.meta.resolve('../operations/verify-session.graphql')),
  viewer: open(import.meta.resolve('../operations/viewer.graphql')),
};
