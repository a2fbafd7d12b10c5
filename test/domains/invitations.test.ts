import { expect, test } from 'vitest';
import { createCast, listRoleKeys } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  accept,
  createInvited,
  createVerified,
  decline,
  invite,
  inviteOne,
  sendInvitation,
} from '../support/invitations.ts';
import { countRows, findChainViolation, manage, readAuditLog } from '../support/life-cycle.ts';
import { readInvitationToken, readMails } from '../support/mail.ts';
import { createPlatformAdmin, createTeam, toUuid } from '../support/people.ts';

const app = describeApp();

test('anyone who is invited joins with the roles that were given, by the link in the mail', async () => {
  const team = await createTeam(app);
  const { code, value } = await invite(team, [
    { email: 'Mary@People.Example', roleKeys: ['member', 'viewer'] },
  ]);
  expect([code, value.results[0].error]).toEqual([null, null]);
  expect(value.results[0]).toMatchObject({
    email: 'mary@people.example',
    invitation: { status: 'PENDING', roles: [{ key: 'member' }, { key: 'viewer' }] },
  });
  const mary = await createVerified(app, 'mary@people.example');
  const token = await readInvitationToken(app, mary.email);
  const joined = await accept(mary, { token });
  expect(joined).toMatchObject({
    code: null,
    value: {
      membership: {
        isActive: true,
        roles: [{ key: 'member' }, { key: 'viewer' }],
        tenant: { id: team.tenantId },
        user: { id: mary.userId },
      },
    },
  });
  expect(await listRoleKeys(app, joined.value.membership.id)).toEqual(['member', 'viewer']);
  expect(await countRows(app, 'tenants where id = $1 and member_count = 2', team.tenantUuid)).toBe(
    1,
  );
});

test('a link is good once, whatever it was used for', async () => {
  const team = await createTeam(app);
  const { person, token } = await createInvited(app, team);
  expect((await accept(person, { token })).code).toBeNull();
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  const other = await createInvited(app, team);
  expect((await decline(other.person, { token: other.token })).code).toBeNull();
  expect((await decline(other.person, { token: other.token })).code).toBe('NOT_FOUND');
  expect((await accept(other.person, { token: other.token })).code).toBe('NOT_FOUND');
  expect(await countRows(app, 'user_tenants where tenant_id = $1', team.tenantUuid)).toBe(2);
});

test('who has verified its address finds its invitations without the mail, and accepts or declines there', async () => {
  const teams = [await createTeam(app), await createTeam(app)] as const;
  const person = await createVerified(app);
  await inviteOne(teams[0], person.email);
  await inviteOne(teams[1], person.email, { roleKeys: ['viewer'] });
  const query = `{ viewer { pendingInvitations {
    id email status tenant { id name slug } roles { key } invitedBy { id } } } }`;
  const { data, errors } = await person.ask(query);
  expect(errors).toBeUndefined();
  const [second, first] = data.viewer.pendingInvitations;
  expect(second).toMatchObject({ tenant: { id: teams[1].tenantId }, roles: [{ key: 'viewer' }] });
  expect(first).toMatchObject({ status: 'PENDING', email: person.email, invitedBy: null });
  const again = await person.ask('query ($id: ID!) { node(id: $id) { id } }', {
    variables: { id: first.id },
  });
  expect(again.data.node).toEqual({ id: first.id });
  expect((await accept(person, { invitationId: first.id })).code).toBeNull();
  expect((await decline(person, { invitationId: second.id })).value).toEqual({
    declinedInvitationId: second.id,
  });
  expect((await person.ask(query)).data.viewer.pendingInvitations).toEqual([]);
});

test('an invitation shows its tenant’s name to who is invited, and nothing else of it', async () => {
  const team = await createTeam(app);
  const { person } = await createInvited(app, team);
  for (const field of ['memberCount', 'metadata', 'owners { id }', 'memberships { totalCount }']) {
    const { data, errors } = await person.ask(
      `{ viewer { pendingInvitations { tenant { name ${field} } } } }`,
    );
    expect([field, data?.viewer ?? null, errors?.[0]?.extensions.code]).toEqual([
      field,
      null,
      'NOT_FOUND',
    ]);
  }
  const { data } = await person.ask(
    '{ viewer { pendingInvitations { tenant { viewerPermissions viewerMembership { id } } } } }',
  );
  expect(data.viewer.pendingInvitations[0].tenant).toEqual({
    viewerPermissions: [],
    viewerMembership: null,
  });
});

test('the preview shows tenant, inviter and expiry to anyone who holds the link, and dead links nothing', async () => {
  const team = await createTeam(app);
  await team.owner.ask('mutation { updateProfile(input: { name: "Ada" }) { __typename } }');
  const { person, token, invitationId } = await createInvited(app, team);
  const query = 'query ($token: String!) { invitation(token: $token) { tenantName inviterName } }';
  const preview = async (asked: string) =>
    (await app.ask(query, { variables: { token: asked } })).data.invitation;
  const { rows } = await app.owner.query('select name from tenants where id = $1', [
    team.tenantUuid,
  ]);
  expect(await preview(token)).toEqual({ tenantName: rows[0].name, inviterName: 'Ada' });
  expect(await preview('nonsense')).toBeNull();
  await app.owner.query(`update tenants set status = 'suspended' where id = $1`, [team.tenantUuid]);
  expect(await preview(token)).toBeNull();
  await app.owner.query(`update tenants set status = 'active' where id = $1`, [team.tenantUuid]);
  await app.owner.query(
    `update invitations set expires_at = now() - interval '1 second' where id = $1`,
    [toUuid(invitationId)],
  );
  expect(await preview(token)).toBeNull();
  await sendInvitation(team.owner.ask, 'resendInvitation', { invitationId });
  const fresh = await readInvitationToken(app, person.email);
  expect(await preview(fresh)).not.toBeNull();
  await accept(person, { token: fresh });
  expect(await preview(fresh)).toBeNull();
});

test('a revoked invitation stops working at once and stays in the list as revoked', async () => {
  const team = await createTeam(app);
  const { person, token, invitationId } = await createInvited(app, team);
  const revoked = await sendInvitation(team.owner.ask, 'revokeInvitation', { invitationId });
  expect(revoked.value.invitation).toMatchObject({ id: invitationId, status: 'REVOKED' });
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  expect((await accept(person, { invitationId })).code).toBe('NOT_FOUND');
  const again = await sendInvitation(team.owner.ask, 'revokeInvitation', { invitationId });
  expect(again.code).toBe('CONFLICT');
  const { data } = await team.owner.ask(
    'query ($id: ID!) { tenant(id: $id) { invitations { edges { node { id status } } } } }',
    { variables: { id: team.tenantId } },
  );
  expect(data.tenant.invitations.edges).toEqual([
    { node: { id: invitationId, status: 'REVOKED' } },
  ]);
});

test('sent again, an invitation has a new link and all its time; the old link is dead', async () => {
  const team = await createTeam(app);
  const { person, token, invitationId } = await createInvited(app, team);
  await app.owner.query(
    `update invitations set expires_at = now() - interval '1 second' where id = $1`,
    [toUuid(invitationId)],
  );
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  const { code, value } = await sendInvitation(team.owner.ask, 'resendInvitation', {
    invitationId,
  });
  expect([code, value.invitation.status]).toEqual([null, 'PENDING']);
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  const fresh = await readInvitationToken(app, person.email);
  expect(fresh).not.toBe(token);
  expect((await accept(person, { token: fresh })).code).toBeNull();
  const settled = await sendInvitation(team.owner.ask, 'resendInvitation', { invitationId });
  expect(settled.code).toBe('CONFLICT');
});

test('inviting an address again replaces the invitation instead of making a second', async () => {
  const team = await createTeam(app);
  const { person, token, invitationId } = await createInvited(app, team);
  const again = await inviteOne(team, person.email, { roleKeys: ['admin'] });
  expect(again.id).toBe(invitationId);
  expect(await countRows(app, 'invitations where tenant_id = $1', team.tenantUuid)).toBe(1);
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  const joined = await accept(person, { token: await readInvitationToken(app, person.email) });
  expect(joined.value.membership.roles).toEqual([{ key: 'admin' }]);
});

test('an invitation lasts seven days by the clock of the database', async () => {
  const team = await createTeam(app);
  const { invitationId } = await createInvited(app, team);
  const seconds = 'extract(epoch from expires_at - created_at)::int';
  const isSevenDays = `${seconds} = 7 * 24 * 60 * 60`;
  expect(
    await countRows(app, `invitations where id = $1 and ${isSevenDays}`, toUuid(invitationId)),
  ).toBe(1);
});

test('what stands in the database is the hash of a token, and of a settled one not even that', async () => {
  const team = await createTeam(app);
  const { person, token, invitationId } = await createInvited(app, team);
  const hashOf = async () => {
    const { rows } = await app.owner.query('select token_hash from invitations where id = $1', [
      toUuid(invitationId),
    ]);
    return rows[0].token_hash;
  };
  const { rows } = await app.owner.query('select sha256(convert_to($1, $2)) as hash', [
    token,
    'UTF8',
  ]);
  expect(await hashOf()).toEqual(rows[0].hash);
  await accept(person, { token });
  expect(await hashOf()).toBeNull();
});

test('the audit log tells each step without an address or a token, and stays whole', async () => {
  const team = await createTeam(app);
  const { person, invitationId } = await createInvited(app, team);
  await sendInvitation(team.owner.ask, 'resendInvitation', { invitationId });
  await accept(person, { token: await readInvitationToken(app, person.email) });
  const refusing = await createInvited(app, team, { roleKeys: ['viewer'] });
  await decline(refusing.person, { token: refusing.token });
  const revoked = await createInvited(app, team);
  await sendInvitation(team.owner.ask, 'revokeInvitation', { invitationId: revoked.invitationId });
  const auditLog = (await readAuditLog(app, team.tenantUuid)).slice(1);
  expect(auditLog.map(({ action, actor }) => [action, actor])).toEqual([
    ['invitation.created', team.owner.userUuid],
    ['invitation.resent', team.owner.userUuid],
    ['invitation.accepted', person.userUuid],
    ['membership.created', person.userUuid],
    ['invitation.created', team.owner.userUuid],
    ['invitation.declined', refusing.person.userUuid],
    ['invitation.created', team.owner.userUuid],
    ['invitation.revoked', team.owner.userUuid],
  ]);
  expect(auditLog[0]).toMatchObject({
    target: toUuid(invitationId),
    changes: { email: [null, 'p…@people.example'], roles: [null, ['member']] },
  });
  expect(auditLog[3]?.changes).toEqual({
    userId: [null, person.userUuid],
    roles: [null, ['member']],
  });
  expect(JSON.stringify(auditLog)).not.toContain(person.email);
  expect(JSON.stringify(auditLog)).not.toContain('tenantry_invite');
  expect(await findChainViolation(app, team.tenantUuid)).toBeNull();
});

test('a person that is erased leaves its address in no invitation', async () => {
  const team = await createTeam(app);
  const { person, token } = await createInvited(app, team);
  await accept(person, { token });
  await inviteOne(await createTeam(app), person.email);
  expect(await countRows(app, 'invitations where email = $1', person.email)).toBe(2);
  const { data } = await person.ask(
    'mutation ($id: ID!) { eraseUser(input: { userId: $id }) { __typename } }',
    { variables: { id: person.userId } },
  );
  expect(data.eraseUser.__typename).toBe('EraseUserSuccess');
  expect(await countRows(app, 'invitations where email = $1', person.email)).toBe(0);
});

test('invitations are forgotten 90 days after their time is over, whatever became of them', async () => {
  const team = await createTeam(app);
  const admin = await createPlatformAdmin(app);
  const settled = await createInvited(app, team);
  await accept(settled.person, { token: settled.token });
  const ids = [settled.invitationId];
  for (const name of ['old', 'recent'])
    ids.push((await inviteOne(team, `${name}@aged.example`)).id);
  const [first, second, third] = ids.map(toUuid);
  await app.owner.query(
    `update invitations set expires_at = now() - case id
       when $3 then interval '89 days' else interval '91 days' end where id = any ($1) and tenant_id = $2`,
    [[first, second, third], team.tenantUuid, third],
  );
  const { value } = await manage(admin.ask, 'cleanupExpiredData');
  expect(value.isComplete).toBe(true);
  const { rows } = await app.owner.query('select id from invitations where tenant_id = $1', [
    team.tenantUuid,
  ]);
  expect(rows).toEqual([{ id: third }]);
});

test('an invitation is found by its id by who may list them and by who is invited, and by nobody else', async () => {
  const { team, as } = await createCast(app);
  const { invitationId, person } = await createInvited(app, team);
  const finders: string[] = [];
  for (const [caller, ask] of Object.entries({ ...as, invited: person.ask })) {
    const { data } = await ask('query ($id: ID!) { node(id: $id) { __typename id } }', {
      variables: { id: invitationId },
    });
    if (data.node === null) continue;
    expect(data.node).toEqual({ __typename: 'Invitation', id: invitationId });
    finders.push(caller);
  }
  expect(finders).toEqual(['owner', 'admin', 'platformAdmin', 'invited']);
});

test('who may not invite neither invites, sends again, revokes nor lists; strangers find nothing', async () => {
  const { team, as } = await createCast(app);
  const { invitationId } = await createInvited(app, team);
  const codes: Record<string, (string | null)[]> = {};
  for (const [caller, ask] of Object.entries(as)) {
    if (['owner', 'admin', 'platformAdmin'].includes(caller)) continue;
    const list = await ask('query ($id: ID!) { tenant(id: $id) { invitations { totalCount } } }', {
      variables: { id: team.tenantId },
    });
    const line = { email: `by-${caller}@people.example`, roleKeys: ['viewer'] };
    codes[caller] = [
      (await invite(team, [line], ask)).code,
      (await sendInvitation(ask, 'resendInvitation', { invitationId })).code,
      (await sendInvitation(ask, 'revokeInvitation', { invitationId })).code,
      list.errors?.[0]?.extensions.code ?? list.data?.tenant ?? null,
    ];
    expect(await readMails(app, line.email)).toEqual([]);
  }
  const forbidden = ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'];
  const hidden = ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', null];
  expect(codes).toEqual({
    member: forbidden,
    viewer: forbidden,
    paused: hidden,
    stranger: hidden,
    anonymous: ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED', null],
  });
});
