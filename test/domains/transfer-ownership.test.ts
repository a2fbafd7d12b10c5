import { expect, test } from 'vitest';
import { createCast, findMembershipId, listRoleKeys } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import {
  createMember,
  createPerson,
  createTeam,
  type Team,
  toPublicId,
} from '../support/people.ts';

const app = describeApp();

function transfer(team: Team, to: { userId: string }, ask = team.owner.ask) {
  return manage(ask, 'transferOwnership', { tenantId: team.tenantId, toUserId: to.userId });
}

async function countOwners({ tenantUuid }: Team): Promise<number> {
  const { rows } = await app.owner.query<{ count: number }>(
    `select count(*)::int as count from membership_roles mr join roles r on r.id = mr.role_id
     where mr.tenant_id = $1 and r.key = 'owner'`,
    [tenantUuid],
  );
  return rows[0]?.count ?? 0;
}

test('an owner gives ownership to a member and is an admin from then on', async () => {
  const team = await createTeam(app);
  const ownMembership = await findMembershipId(team);
  const member = await createMember(app, team, 'member');
  const { value } = await transfer(team, member);
  expect(value.membership).toEqual({
    user: { id: member.userId },
    roles: [{ key: 'member' }, { key: 'owner' }],
  });
  expect(await listRoleKeys(app, ownMembership)).toEqual(['admin']);
  expect((await transfer(team, member)).code).toBe('FORBIDDEN');
  expect((await transfer(team, team.owner, member.ask)).code).toBeNull();
});

test('the transfer stands in the audit log with who owned the tenant before and after', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'viewer');
  await transfer(team, member);
  const auditLog = await readAuditLog(app, team.tenantUuid);
  expect(auditLog.at(-1)).toEqual({
    action: 'tenant.ownership_transferred',
    actor: team.owner.userUuid,
    target: team.tenantUuid,
    changes: { owner: [team.owner.userUuid, member.userUuid] },
  });
});

test('only an owner gives ownership away, not even a platform administrator in its place', async () => {
  const { team, member, as } = await createCast(app);
  const codes: Record<string, string | null> = {};
  for (const [caller, ask] of Object.entries(as)) {
    if (caller === 'owner' || caller === 'member') continue;
    codes[caller] = (await transfer(team, member, ask)).code;
  }
  expect(codes).toEqual({
    admin: 'FORBIDDEN',
    viewer: 'FORBIDDEN',
    paused: 'NOT_FOUND',
    stranger: 'NOT_FOUND',
    anonymous: 'UNAUTHENTICATED',
    platformAdmin: 'FORBIDDEN',
  });
});

test('ownership goes to members only: a stranger and an absent person look the same', async () => {
  const team = await createTeam(app);
  const stranger = await transfer(team, await createPerson(app));
  expect(stranger.code).toBe('NOT_FOUND');
  const absent = { userId: toPublicId('user', '00000000-0000-7000-8000-00000000dead') };
  expect(await transfer(team, absent)).toEqual(stranger);
});

test('ownership goes to nobody who is paused, suspended, or the owner already', async () => {
  const team = await createTeam(app);
  const paused = await createMember(app, team, 'admin');
  await app.owner.query('update user_tenants set is_active = false where user_id = $1', [
    paused.userUuid,
  ]);
  const suspended = await createMember(app, team, 'admin');
  await app.owner.query(`update users set status = 'suspended' where id = $1`, [
    suspended.userUuid,
  ]);
  expect((await transfer(team, paused)).code).toBe('CONFLICT');
  expect((await transfer(team, suspended)).code).toBe('CONFLICT');
  expect(await transfer(team, team.owner)).toMatchObject({
    code: 'BAD_USER_INPUT',
    path: ['toUserId'],
  });
});

test('eight transfers at once give the tenant to exactly one member', async () => {
  const team = await createTeam(app);
  const members = [];
  for (let made = 0; made < 8; made += 1) members.push(await createMember(app, team, 'member'));
  const outcomes = await Promise.all(members.map((member) => transfer(team, member)));
  expect(outcomes.filter(({ code }) => code === null)).toHaveLength(1);
  expect(await countOwners(team)).toBe(1);
});

test('a transfer and a removal of the member at once always leave one owner', async () => {
  for (let round = 0; round < 5; round += 1) {
    const team = await createTeam(app);
    const member = await createMember(app, team, 'member');
    await Promise.all([
      transfer(team, member),
      member.ask('mutation ($id: ID!) { leaveTenant(input: { tenantId: $id }) { __typename } }', {
        variables: { id: team.tenantId },
      }),
    ]);
    expect(await countOwners(team)).toBe(1);
  }
});
