import { beforeAll, expect, test } from 'vitest';
import { findMembershipId, signInBound } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  accept,
  createInvited,
  createVerified,
  decline,
  type Invited,
  invite,
  inviteOne,
  sendInvitation,
  verifyEmailOf,
} from '../support/invitations.ts';
import { countRows, deletionOf, makeDue, manage } from '../support/life-cycle.ts';
import { readInvitationToken } from '../support/mail.ts';
import { updateMembership } from '../support/mutate.ts';
import {
  addMember,
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
  toPublicId,
  toUuid,
} from '../support/people.ts';

// Who may not accept, and what must hold at that moment. Refused, an invitation stays as it was.

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

async function statusOf(invitationId: string): Promise<string> {
  const { rows } = await app.owner.query('select status from invitations where id = $1', [
    toUuid(invitationId),
  ]);
  return rows[0]?.status;
}

/** Tries the link, expects this error, and that nothing has changed. */
async function expectRejection(team: Team, { person, token, invitationId }: Invited, code: string) {
  const members = () => countRows(app, 'user_tenants where tenant_id = $1', team.tenantUuid);
  const events = () => countRows(app, 'audit_events where chain_id = $1', team.tenantUuid);
  const before = [await members(), await events()];
  expect((await accept(person, { token })).code).toBe(code);
  expect((await accept(person, { invitationId })).code).toBe(code);
  expect([await members(), await events()]).toEqual(before);
  expect(await statusOf(invitationId)).toBe('pending');
}

test('an address must be verified before it joins anything; the invitation waits for that', async () => {
  const team = await createTeam(app);
  const person = await createPerson(app);
  const { id } = await inviteOne(team, person.email);
  const invited = { person, invitationId: id, token: await readInvitationToken(app, person.email) };
  await expectRejection(team, invited, 'FORBIDDEN');
  const { message } = await accept(person, { token: invited.token });
  expect(message).toContain('Verify your e-mail address first');
  expect((await decline(person, { token: invited.token })).code).toBe('FORBIDDEN');
  const { data } = await person.ask('{ viewer { pendingInvitations { id } } }');
  expect(data.viewer.pendingInvitations).toEqual([]);
  await verifyEmailOf(app, person);
  expect((await accept(person, invited)).code).toBe('BAD_USER_INPUT');
  expect((await accept(person, { token: invited.token })).code).toBeNull();
});

test('nobody else accepts or declines, with the link in hand or the id; it looks as if there were none', async () => {
  const team = await createTeam(app);
  const { invitationId, token } = await createInvited(app, team);
  const other = await createVerified(app);
  const owner = team.owner;
  await verifyEmailOf(app, owner);
  const absent = toPublicId('invite', '00000000-0000-7000-8000-00000000dead', team.tenantUuid);
  for (const settle of [accept, decline]) {
    for (const person of [other, owner]) {
      const answer = await settle(person, { token });
      expect(answer.code).toBe('NOT_FOUND');
      expect(await settle(person, { invitationId })).toEqual(answer);
      expect(await settle(person, { invitationId: absent })).toEqual(answer);
      expect(await settle(person, { invitationId: 'nonsense' })).toEqual(answer);
    }
    expect((await settle(app, { token })).code).toBe('UNAUTHENTICATED');
  }
  expect(await statusOf(invitationId)).toBe('pending');
});

test('a look-alike of the invited address is another address', async () => {
  const team = await createTeam(app);
  await inviteOne(team, 'kim@people.example');
  const token = await readInvitationToken(app, 'kim@people.example');
  for (const email of [
    'k.im@people.example',
    'kim+x@people.example',
    'kim@people.examp1e.example',
  ]) {
    const person = await createVerified(app, email);
    expect([email, (await accept(person, { token })).code]).toEqual([email, 'NOT_FOUND']);
  }
});

test('after its e-mail address has changed a person cannot use what was sent to the old one', async () => {
  const team = await createTeam(app);
  const invited = await createInvited(app, team);
  await app.owner.query(`update users set email = 'moved-' || email where id = $1`, [
    invited.person.userUuid,
  ]);
  await expectRejection(team, invited, 'NOT_FOUND');
});

test('a token with any character changed, or of another kind, is refused', async () => {
  const team = await createTeam(app);
  const { person, token, invitationId } = await createInvited(app, team);
  const spoilt = Array.from(token, (character, index) => {
    const other = character === 'a' ? 'b' : 'a';
    return token.slice(0, index) + other + token.slice(index + 1);
  });
  for (const one of [...spoilt, '', `${token}x`, person.token, token.toUpperCase()]) {
    expect([one, (await accept(person, { token: one })).code]).toEqual([one, 'NOT_FOUND']);
  }
  expect(await statusOf(invitationId)).toBe('pending');
  // As it is pasted from a mail.
  expect((await accept(person, { token: ` ${token} ` })).code).toBeNull();
});

test('exactly one of token and id is asked for', async () => {
  const { person } = await createInvited(app, await createTeam(app));
  for (const input of [{}, { token: 'x', invitationId: 'y' }]) {
    const { code, path } = await accept(person, input as { token: string });
    expect([code, path]).toEqual(['BAD_USER_INPUT', ['token', 'invitationId']]);
  }
});

test('a session that is bound to a tenant joins no other and sees no invitations', async () => {
  const { person, token } = await createInvited(app, await createTeam(app));
  const home = await createTeam(app);
  await addMember(app, home, person, 'member');
  const ask = await signInBound(app, person, home.slug);
  expect((await accept({ ask }, { token })).code).toBe('FORBIDDEN');
  expect((await decline({ ask }, { token })).code).toBe('FORBIDDEN');
  const { data } = await ask('{ viewer { pendingInvitations { id } } }');
  expect(data.viewer.pendingInvitations).toEqual([]);
});

test('nobody joins or declines in somebody else’s name', async () => {
  const team = await createTeam(app);
  const invited = await createInvited(app, team);
  await app.owner.query(
    `update sessions set impersonator_id = $2, expires_at = now() + interval '30 minutes'
     where user_id = $1`,
    [invited.person.userUuid, admin.userUuid],
  );
  expect((await accept(invited.person, { token: invited.token })).code).toBe('FORBIDDEN');
  expect((await decline(invited.person, { token: invited.token })).code).toBe('FORBIDDEN');
  expect(await statusOf(invited.invitationId)).toBe('pending');
});

test('a platform administrator joins like anybody else, by its own address alone', async () => {
  const team = await createTeam(app);
  const { token } = await createInvited(app, team);
  const one = await createPlatformAdmin(app);
  await verifyEmailOf(app, one);
  expect((await accept(one, { token })).code).toBe('NOT_FOUND');
  await inviteOne(team, one.email);
  expect((await accept(one, { token: await readInvitationToken(app, one.email) })).code).toBeNull();
});

test('nobody joins a tenant that is suspended or to be erased; resumed, the invitation is good again', async () => {
  const team = await createTeam(app);
  const invited = await createInvited(app, team);
  await manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId });
  await expectRejection(team, invited, 'FORBIDDEN');
  expect((await decline(invited.person, { token: invited.token })).code).toBe('FORBIDDEN');
  const { data } = await invited.person.ask('{ viewer { pendingInvitations { id } } }');
  expect(data.viewer.pendingInvitations).toEqual([]);
  await manage(admin.ask, 'resumeTenant', { tenantId: team.tenantId });
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  await expectRejection(team, invited, 'FORBIDDEN');
  await manage(team.owner.ask, 'restoreTenant', { tenantId: team.tenantId });
  expect((await accept(invited.person, { token: invited.token })).code).toBeNull();
});

test('into a tenant that is to be erased nobody is invited, not by a platform administrator either', async () => {
  const team = await createTeam(app);
  const { invitationId } = await createInvited(app, team);
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  for (const { ask } of [team.owner, admin]) {
    const line = { email: 'late@people.example', roleKeys: ['member'] };
    expect((await invite(team, [line], ask)).code).toBe('FORBIDDEN');
    expect((await sendInvitation(ask, 'resendInvitation', { invitationId })).code).toBe(
      'FORBIDDEN',
    );
  }
  expect(await countRows(app, 'invitations where tenant_id = $1', team.tenantUuid)).toBe(1);
  await manage(team.owner.ask, 'restoreTenant', { tenantId: team.tenantId });
  expect((await sendInvitation(admin.ask, 'resendInvitation', { invitationId })).code).toBeNull();
});

test('an invitation to a tenant that was erased is gone with it', async () => {
  const team = await createTeam(app);
  const { person, token } = await createInvited(app, team);
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  await makeDue(app, team);
  expect((await manage(admin.ask, 'cleanupExpiredData')).value.tenants).toBe(1);
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  expect(await countRows(app, 'invitations where tenant_id = $1', team.tenantUuid)).toBe(0);
});

test('who belongs to the tenant already is told so, also while its membership is paused', async () => {
  const team = await createTeam(app);
  const invited = await createInvited(app, team);
  await addMember(app, team, invited.person, 'viewer');
  await expectRejection(team, invited, 'CONFLICT');
  await app.owner.query('update user_tenants set is_active = false where user_id = $1', [
    invited.person.userUuid,
  ]);
  await expectRejection(team, invited, 'CONFLICT');
  const { message } = await accept(invited.person, { token: invited.token });
  expect(message).toContain('paused');
});

test('an invitation is worth no more than who invited has when it is accepted', async () => {
  const team = await createTeam(app);
  const manager = await createMember(app, team, 'admin');
  const invited = await createInvited(app, team, { roleKeys: ['admin'], ask: manager.ask });
  await updateMembership(team.owner.ask, manager.membershipId, { roleKeys: ['member'] });
  await expectRejection(team, invited, 'CONFLICT');
  await updateMembership(team.owner.ask, manager.membershipId, { roleKeys: ['admin'] });
  await updateMembership(team.owner.ask, manager.membershipId, { isActive: false });
  await expectRejection(team, invited, 'CONFLICT');
  await updateMembership(team.owner.ask, manager.membershipId, { isActive: true });
  await manage(admin.ask, 'suspendUser', { userId: manager.userId, reason: 'a test' });
  await expectRejection(team, invited, 'CONFLICT');
  await manage(admin.ask, 'reinstateUser', { userId: manager.userId });
  expect((await accept(invited.person, { token: invited.token })).code).toBeNull();
});

test('an invitation by somebody who has left is refused until somebody else sends it again', async () => {
  const team = await createTeam(app);
  const manager = await createMember(app, team, 'admin');
  const invited = await createInvited(app, team, { ask: manager.ask });
  await manager.ask(
    'mutation ($id: ID!) { leaveTenant(input: { tenantId: $id }) { __typename } }',
    {
      variables: { id: team.tenantId },
    },
  );
  await expectRejection(team, invited, 'CONFLICT');
  await team.owner.ask(
    'mutation ($id: ID!) { resendInvitation(input: { invitationId: $id }) { __typename } }',
    { variables: { id: invited.invitationId } },
  );
  const token = await readInvitationToken(app, invited.person.email);
  expect((await accept(invited.person, { token })).code).toBeNull();
});

test('a role that gives more by now than who invited has is not given', async () => {
  const team = await createTeam(app);
  const role = (permissions: string[]) => ({ key: 'helper', name: 'Helper', permissions });
  const { value } = await manage(team.owner.ask, 'createRole', {
    tenantId: team.tenantId,
    ...role(['tenant:read', 'members:invite']),
  });
  const helper = await createMember(app, team, 'helper');
  const { key, ...other } = { ...role(['tenant:read']), key: 'other' };
  const made = await manage(team.owner.ask, 'createRole', {
    tenantId: team.tenantId,
    key,
    ...other,
  });
  const invited = await createInvited(app, team, { roleKeys: ['other'], ask: helper.ask });
  const setPermissions = (permissions: string[]) =>
    team.owner.ask(
      `mutation ($id: ID!, $permissions: [String!]!) {
        updateRole(input: { roleId: $id, permissions: $permissions }) { __typename } }`,
      { variables: { id: made.value.role.id, permissions } },
    );
  await setPermissions(['tenant:read', 'tenant:update']);
  await expectRejection(team, invited, 'CONFLICT');
  await setPermissions(['tenant:read']);
  expect((await accept(invited.person, { token: invited.token })).code).toBeNull();
  expect(value.role.key).toBe('helper');
});

test('a role that was deleted falls out of an invitation, and one that none is left of is refused', async () => {
  const team = await createTeam(app);
  const { value } = await manage(team.owner.ask, 'createRole', {
    tenantId: team.tenantId,
    key: 'passing',
    name: 'Passing',
    permissions: [],
  });
  const both = await createInvited(app, team, { roleKeys: ['viewer', 'passing'] });
  const only = await createInvited(app, team, { roleKeys: ['passing'] });
  expect((await manage(team.owner.ask, 'deleteRole', { roleId: value.role.id })).code).toBeNull();
  await expectRejection(team, only, 'CONFLICT');
  const joined = await accept(both.person, { token: both.token });
  expect(joined.value.membership.roles).toEqual([{ key: 'viewer' }]);
});

test('an invitation by a key is worth no more than the key and who made it have', async () => {
  const team = await createTeam(app);
  const maker = await createMember(app, team, 'admin');
  const { rows } = await app.owner.query<{ id: string }>(
    `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     values ($1, $2, 'deploy', sha256($3), 'k…', $4, now() + interval '1 day') returning id`,
    [
      team.tenantUuid,
      maker.userUuid,
      team.tenantUuid,
      ['members:invite', 'tenant:read', 'roles:read'],
    ],
  );
  const keyId = rows[0]?.id ?? '';
  const viewer = await createInvited(app, team, { roleKeys: ['viewer'] });
  const member = await createInvited(app, team, { roleKeys: ['member'] });
  await app.owner.query(
    'update invitations set invited_by = $2, api_key_id = $3 where tenant_id = $1',
    [team.tenantUuid, maker.userUuid, keyId],
  );
  await expectRejection(team, member, 'CONFLICT');
  await app.owner.query('update api_keys set revoked_at = now() where id = $1', [keyId]);
  await expectRejection(team, viewer, 'CONFLICT');
  await app.owner.query('update api_keys set revoked_at = null where id = $1', [keyId]);
  await updateMembership(team.owner.ask, maker.membershipId, { roleKeys: ['viewer'] });
  await expectRejection(team, viewer, 'CONFLICT');
  await updateMembership(team.owner.ask, maker.membershipId, { roleKeys: ['admin'] });
  expect((await accept(viewer.person, { token: viewer.token })).code).toBeNull();
});

test('a platform administrator invites into any tenant, while it is one; an operator’s invitation stands', async () => {
  const team = await createTeam(app);
  const one = await createPlatformAdmin(app);
  const invited = await createInvited(app, team, { roleKeys: ['owner'], ask: one.ask });
  await app.owner.query('update users set is_platform_admin = false where id = $1', [one.userUuid]);
  await expectRejection(team, invited, 'CONFLICT');
  await app.owner.query('update invitations set invited_by = null where tenant_id = $1', [
    team.tenantUuid,
  ]);
  expect((await accept(invited.person, { token: invited.token })).code).toBeNull();
});

test('nobody joins beyond the limit, whatever it was when the invitation was sent', async () => {
  const team = await createTeam(app);
  const invited = await createInvited(app, team);
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 1 });
  await expectRejection(team, invited, 'LIMIT_REACHED');
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 2 });
  expect((await accept(invited.person, { token: invited.token })).code).toBeNull();
});

test('nobody joins with an address whose domain the tenant does not take any more', async () => {
  const team = await createTeam(app);
  const invited = await createInvited(app, team);
  const allow = (allowedEmailDomains: string[]) =>
    manage(team.owner.ask, 'updateTenant', {
      tenantId: team.tenantId,
      settings: { allowedEmailDomains },
    });
  await allow(['acme.example']);
  await expectRejection(team, invited, 'CONFLICT');
  await allow(['acme.example', 'people.example']);
  expect((await accept(invited.person, { token: invited.token })).code).toBeNull();
});

test('anyone who joins has the rights of its roles in the same request, and in its list of tenants', async () => {
  const team = await createTeam(app);
  const { person, token } = await createInvited(app, team, { roleKeys: ['admin'] });
  const { data } = await person.ask(
    `mutation ($token: String!) { acceptInvitation(input: { token: $token }) {
      ... on AcceptInvitationSuccess { membership {
        tenant { memberCount viewerPermissions owners { id } } permissions } } } }`,
    { variables: { token } },
  );
  const { tenant } = data.acceptInvitation.membership;
  expect([tenant.memberCount, tenant.owners]).toEqual([2, [{ id: team.owner.userId }]]);
  expect(tenant.viewerPermissions).toContain('members:invite');
  const own = await findMembershipId({ ...team, owner: person });
  expect(own).toMatch(/^member_/);
});
