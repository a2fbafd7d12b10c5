import { error, invitation, member, role, text } from './fields.ts';
import { readToken, resetBudgets, type SeededTenant, signIn, signUp, type World } from './world.ts';

/** Operations on the roles and members of a tenant. */
export async function playPeople(world: World, tenant: SeededTenant) {
  const { play } = world;
  const { id, token } = tenant;
  const { createRole } = await play(
    'createRole',
    `mutation { createRole(input: { tenantId: "${id}", key: "auditor-${Date.now()}", name: "Auditor",
      description: "Reads", permissions: ["tenant:read", "audit:read"], idempotencyKey: "${Date.now()}" }) {
      ... on CreateRoleSuccess { role { ${role} } } ${error} } }`,
    token,
  );
  const made = createRole.role;
  await play(
    'updateRole',
    `mutation { updateRole(input: { roleId: "${made.id}", name: "Reader", description: "Reads all",
      permissions: ["tenant:read"] }) { ... on UpdateRoleSuccess { role { ${role} } } ${error} } }`,
    token,
  );
  const guest = await joinByInvitation(world, tenant, made.key);
  await play(
    'updateMembership',
    `mutation { updateMembership(input: { membershipId: "${guest.membershipId}", isActive: false,
      metadata: { team: "b" }, roleKeys: ["member"] }) {
      ... on UpdateMembershipSuccess { membership { ${member} } } ${error} } }`,
    token,
  );
  await play(
    'deleteRole',
    `mutation { deleteRole(input: { roleId: "${made.id}" }) {
      ... on DeleteRoleSuccess { deletedRoleId } ${error} } }`,
    token,
  );
  await play(
    'removeMember',
    `mutation { removeMember(input: { membershipId: "${guest.membershipId}" }) {
      ... on RemoveMemberSuccess { removedMembershipId } ${error} } }`,
    token,
  );
  await playInvitations(world, tenant);
  await playOwnership(world);
}

/** A new user with a verified address accepts an invitation. */
async function joinByInvitation(
  world: World,
  tenant: SeededTenant,
  roleKey: string,
  by: 'token' | 'invitationId' = 'token',
) {
  const { play } = world;
  const guest = await signUpVerified(world, 'guest');
  const invitationId = await invite(world, tenant, guest.email, roleKey);
  const link = await readToken(world, guest.email);
  await play(
    'Query.invitation',
    `{ invitation(token: "${link}") { tenantName inviterName expiresAt } }`,
  );
  await play('Viewer.pendingInvitations', '{ viewer { pendingInvitations { id } } }', guest.token);
  const { acceptInvitation } = await play(
    'acceptInvitation',
    `mutation { acceptInvitation(input: { ${by}: "${by === 'token' ? link : invitationId}" }) {
      ... on AcceptInvitationSuccess { membership { ${member} } } ${error} } }`,
    guest.token,
  );
  return { ...guest, membershipId: acceptInvitation.membership.id as string };
}

async function playInvitations(world: World, tenant: SeededTenant) {
  const { play } = world;
  for (const by of ['token', 'invitationId'] as const) {
    const decliner = await signUpVerified(world, 'decliner');
    const invitationId = await invite(world, tenant, decliner.email, 'member');
    const declined = by === 'token' ? await readToken(world, decliner.email) : invitationId;
    await play(
      'declineInvitation',
      `mutation { declineInvitation(input: { ${by}: "${declined}" }) {
        ... on DeclineInvitationSuccess { declinedInvitationId } ${error} } }`,
      decliner.token,
    );
  }
  const taken = await invite(world, tenant, `taken-${Date.now()}@operators.example`, 'member');
  for (const name of ['resendInvitation', 'revokeInvitation']) {
    await play(
      name,
      `mutation { ${name}(input: { invitationId: "${taken}" }) {
        ... on ${name.charAt(0).toUpperCase()}${name.slice(1)}Success { invitation { ${invitation} } }
        ${error} } }`,
      tenant.token,
    );
  }
  const joiner = await joinByInvitation(world, tenant, 'member', 'invitationId');
  await play(
    'leaveTenant',
    `mutation { leaveTenant(input: { tenantId: "${tenant.id}" }) {
      ... on LeaveTenantSuccess { leftTenantId } ${error} } }`,
    joiner.token,
  );
}

/** The owner of a small tenant transfers it to a member. */
async function playOwnership(world: World) {
  const owner = await signUp(world.play, 'giver');
  const tenant = { id: owner.tenant.id, token: owner.token } as SeededTenant;
  const heir = await joinByInvitation(world, tenant, 'member');
  await world.play(
    'transferOwnership',
    `mutation { transferOwnership(input: { tenantId: "${tenant.id}", toUserId: "${heir.user.id}" }) {
      ... on TransferOwnershipSuccess { membership { ${member} } } ${error} } }`,
    owner.token,
  );
}

async function invite(world: World, tenant: SeededTenant, email: string, roleKey: string) {
  await resetBudgets(world);
  const { inviteMembers } = await world.play(
    'inviteMembers',
    `mutation { inviteMembers(input: { tenantId: "${tenant.id}", idempotencyKey: "${email}",
      invitations: [{ email: ${text(email)}, roleKeys: ["${roleKey}"] }] }) {
      ... on InviteMembersSuccess { results { email invitation { ${invitation} } error { code message path } } }
      ${error} } }`,
    tenant.token,
  );
  const [result] = inviteMembers.results;
  if (result.error) throw new Error(`the invitation failed: ${JSON.stringify(result.error)}`);
  return result.invitation.id as string;
}

/** A new user with a verified address, which invitations require. */
export async function signUpVerified(world: World, name: string) {
  const person = await signUp(world.play, name);
  await world.client.query('update users set email_verified_at = now() where email = $1', [
    person.email,
  ]);
  const { email, password } = person;
  const { token } = await signIn(world.play, { email, password });
  return { ...person, token } as typeof person & { email: string; token: string };
}
