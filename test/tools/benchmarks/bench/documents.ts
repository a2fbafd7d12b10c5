/** The documents that our server gets. */
export const documents = {
  verifySession: `query ($token: String!) { verifySession(token: $token) { valid } }`,
  verifySessionAndUser: `query ($token: String!) { verifySession(token: $token) {
    valid session { id expiresAt } user { id email } } }`,
  verifyApiKey: `query ($key: String!) { verifyApiKey(key: $key) { valid permissions } }`,
  viewer: `{ viewer { user { id email name } memberships(first: 25) { edges { node {
    tenant { id slug name } roles { key name } permissions } } } } }`,
  tenants: `{ viewer { user { id email memberships(first: 25) { edges { node { tenant { id name } } } } } } }`,
  members: `query ($tenantId: ID!, $after: String) { tenant(id: $tenantId) {
    memberships(first: 50, after: $after) {
      edges { node { user { id email name } roles { key name } lastSignInAt } }
      pageInfo { hasNextPage endCursor } } } }`,
  createKey: `mutation ($tenantId: ID!) { createApiKey(input: { tenantId: $tenantId, name: "Bench",
    permissions: ["tenant:read", "members:read", "sessions:verify", "api-keys:verify"] }) {
    ... on CreateApiKeySuccess { secret } ... on Error { code message } } }`,
  signIn: `mutation ($email: String!, $password: String!) {
    signIn(input: { email: $email, password: $password }) {
      ... on SignInSuccess { token } ... on Error { code message } } }`,
};

/** The closest documents for PostGraphile: the same rows, without authorization. */
export const postgraphileDocuments = {
  tenants: `query ($email: String!) { userByEmail(email: $email) { rowId email
    userTenantsByUserId(first: 25) { nodes { tenantByTenantId { rowId name } } } } }`,
  members: `query ($tenantId: UUID!) { tenantByRowId(rowId: $tenantId) {
    userTenantsByTenantId(first: 50) {
      nodes { userByUserId { rowId email name } lastSignInAt
        membershipRolesByTenantIdAndMembershipId { nodes { roleByTenantIdAndRoleId { key name } } } }
      pageInfo { hasNextPage endCursor } } } }`,
};
