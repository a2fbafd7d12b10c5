import { error, tenant as tenantFields, user as userFields } from './fields.ts';
import { signUp, type World } from './world.ts';

/** The life cycle of a tenant. */
export async function playTenantLife(world: World) {
  const { play, root, client } = world;
  const { token } = await signUp(play, 'founder');
  const { createTenant } = await play(
    'createTenant',
    `mutation { createTenant(input: { name: "Life", slug: "life-${Date.now()}", metadata: { plan: "trial" },
      idempotencyKey: "${Date.now()}" }) { ... on CreateTenantSuccess { tenant { ${tenantFields} } } ${error} } }`,
    token,
  );
  const { id, slug } = createTenant.tenant;
  await play(
    'updateTenant',
    `mutation { updateTenant(input: { tenantId: "${id}", name: "Long Life", slug: "${slug}-2",
      metadata: { plan: "paid" }, settings: { defaultRoleKey: "viewer" } }) {
      ... on UpdateTenantSuccess { tenant { ${tenantFields} } } ${error} } }`,
    token,
  );
  await play(
    'updateTenantLimits',
    `mutation { updateTenantLimits(input: { tenantId: "${id}", members: 50, apiKeys: 5, customRoles: 5 }) {
      ... on UpdateTenantLimitsSuccess { limits { members apiKeys customRoles } } ${error} } }`,
    root,
  );
  const change = (name: string, token: string, more = '') =>
    play(
      name,
      `mutation { ${name}(input: { tenantId: "${id}"${more} }) {
        ... on ${name.charAt(0).toUpperCase()}${name.slice(1)}Success { tenant { ${tenantFields} } } ${error} } }`,
      token,
    );
  await change('suspendTenant', root);
  await change('resumeTenant', root);
  const confirmed = `, confirmSlug: "${slug}-2"`;
  await change('deleteTenant', token, confirmed);
  await change('restoreTenant', token);
  await change('deleteTenant', token, confirmed);
  await client.query(`update tenants set deletion_at = now() where slug = $1`, [`${slug}-2`]);
  await play(
    'cleanupExpiredData',
    `mutation { cleanupExpiredData { ... on CleanupExpiredDataSuccess { sessions signInBudgets
      idempotencyKeys oneTimeTokens invitations tenants isComplete } ${error} } }`,
    root,
  );
}

/** Operations of platform administrators on users. */
export async function playAdministration({ play, root }: World) {
  const person = await signUp(play, 'subject');
  const userId = person.user.id;
  const { impersonateUser } = await play(
    'impersonateUser',
    `mutation { impersonateUser(input: { userId: "${userId}", tenantId: "${person.tenant.id}",
      reason: "Runs every operation once.", idempotencyKey: "${Date.now()}" }) {
      ... on SignInSuccess { token session { id } user { id } } ${error} } }`,
    root,
  );
  await play(
    'Query.viewer while impersonating',
    `{ viewer { user { id } } }`,
    impersonateUser.token,
  );
  for (const [name, fields] of [
    ['suspendUser', `user { ${userFields} }`],
    ['reinstateUser', `user { ${userFields} }`],
    ['exportUserData', 'data'],
  ] as const) {
    await play(
      name,
      `mutation { ${name}(input: { userId: "${userId}", reason: "Runs every operation once." }) {
        ... on ${name.charAt(0).toUpperCase()}${name.slice(1)}Success { ${fields} } ${error} } }`,
      root,
    );
  }
  await play(
    'revokeSessions of another user',
    `mutation { revokeSessions(input: { userId: "${userId}", tenantId: "${person.tenant.id}" }) {
      ... on RevokeSessionsSuccess { revokedCount } ${error} } }`,
    root,
  );
  // The last owner of a tenant cannot be erased, so this user has no tenant.
  const { signUp: alone } = await play(
    'signUp',
    `mutation { signUp(input: { email: "alone-${Date.now()}@operators.example",
      password: "a sentence that nobody else remembers", name: "Alone" }) {
      ... on SignUpSuccess { user { id } } ${error} } }`,
  );
  await play(
    'eraseUser',
    `mutation { eraseUser(input: { userId: "${alone.user.id}" }) {
      ... on EraseUserSuccess { erasedUserId } ${error} } }`,
    root,
  );
}
