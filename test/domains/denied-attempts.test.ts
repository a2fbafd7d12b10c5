import { beforeEach, expect, test } from 'vitest';
import { createProgram, sendKey } from '../support/api-keys.ts';
import { describeApp } from '../support/describe-app.ts';
import { inviteOne } from '../support/invitations.ts';
import { deletionOf, findChainViolation, manage, readAuditLog } from '../support/life-cycle.ts';
import {
  addMember,
  createMember,
  createPerson,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

const app = describeApp({ SIGN_UP_SOURCE_MAX: '1000' });
beforeEach(() => app.owner.query('delete from sign_in_budgets'));

const readDenied = async ({ tenantUuid }: Team) =>
  (await readAuditLog(app, tenantUuid)).filter(({ action }) => action === 'access.denied');

const listRoles = async ({ owner, tenantId }: Team) => {
  const { data } = await owner.ask('query ($id: ID!) { tenant(id: $id) { roles { id key } } }', {
    variables: { id: tenantId },
  });
  return data.tenant.roles;
};

/** What takes an administrator, tried by somebody. */
function attempts(team: Team, { ask }: Pick<Person, 'ask'>, roleId: string) {
  const { tenantId } = team;
  return {
    updateTenant: () => manage(ask, 'updateTenant', { tenantId, name: 'Mine now' }),
    deleteTenant: () => manage(ask, 'deleteTenant', deletionOf(team)),
    createRole: () =>
      manage(ask, 'createRole', { tenantId, key: 'boss', name: 'Boss', permissions: [] }),
    deleteRole: () => manage(ask, 'deleteRole', { roleId }),
    createApiKey: () => sendKey(ask, 'createApiKey', { tenantId, name: 'deploy', permissions: [] }),
    inviteMembers: async () => {
      const { data } = await ask(
        `mutation ($tenantId: ID!) { inviteMembers(input: { tenantId: $tenantId,
          invitations: [{ email: "friend@people.example", roleKeys: ["owner"] }] }) {
          ... on Error { code } } }`,
        { variables: { tenantId } },
      );
      return data.inviteMembers;
    },
  };
}

test('what a member is refused for want of a permission stands in the audit log of its tenant', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const [{ id: roleId }] = await listRoles(team);
  const all = attempts(team, member, roleId);
  for (const attempt of Object.values(all))
    expect(await attempt()).toMatchObject({ code: 'FORBIDDEN' });
  const denied = await readDenied(team);
  expect(denied.map(({ actor, changes }) => [actor, changes.mutation, changes.attempts])).toEqual(
    Object.keys(all).map((name) => [member.userUuid, [null, name], [null, 1]]),
  );
  expect(denied[0]).toMatchObject({
    target: team.tenantUuid,
    changes: { message: [null, 'This requires the permission "tenant:update" in the tenant.'] },
  });
  expect(await findChainViolation(app, team.tenantUuid)).toBeNull();
});

test('a thousand attempts in an hour make four entries, which say how many there were', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const rename = () =>
    manage(member.ask, 'updateTenant', { tenantId: team.tenantId, name: 'Mine now' });
  for (let attempt = 1; attempt <= 12; attempt += 1)
    expect(await rename()).toMatchObject({ code: 'FORBIDDEN' });
  await app.owner.query(`update sign_in_budgets set failures = 999 where bucket like 'denied:%'`);
  await rename();
  await rename();
  const counts = (await readDenied(team)).map(({ changes }) => changes.attempts);
  expect(counts).toEqual([
    [null, 1],
    [null, 10],
    [null, 1_000],
  ]);
  await app.owner.query(
    `update sign_in_budgets set window_started_at = now() - interval '61 minutes' where bucket like 'denied:%'`,
  );
  await rename();
  expect((await readDenied(team)).at(-1)).toMatchObject({ changes: { attempts: [null, 1] } });
});

test('strangers leave nothing in the audit log, and learn no more than before', async () => {
  const team = await createTeam(app);
  const [{ id: roleId }] = await listRoles(team);
  const stranger = await createPerson(app);
  const elsewhere = (await createTeam(app)).owner;
  const former = await createMember(app, team, 'member');
  await app.owner.query('delete from user_tenants where user_id = $1', [former.userUuid]);
  const before = await readAuditLog(app, team.tenantUuid);
  for (const { ask } of [stranger, elsewhere, former]) {
    for (const attempt of Object.values(attempts(team, { ask }, roleId))) {
      expect(await attempt()).toMatchObject({ code: 'NOT_FOUND' });
    }
  }
  expect(await readAuditLog(app, team.tenantUuid)).toEqual(before);
  const { rows } = await app.owner.query(
    `select bucket from sign_in_budgets where bucket like 'denied:%'`,
  );
  expect(rows).toEqual([]);
});

test('an attempt stands in the tenant where it was made, and in no other of the member', async () => {
  const [own, other] = [await createTeam(app), await createTeam(app)];
  await addMember(app, other, own.owner, 'member');
  await manage(own.owner.ask, 'updateTenant', { tenantId: other.tenantId, name: 'Mine now' });
  expect(await readDenied(own)).toEqual([]);
  expect(await readDenied(other)).toHaveLength(1);
});

test('an API key is named as the actor', async () => {
  const team = await createTeam(app);
  const key = await createProgram(app, team.owner, team, 'tenant:read');
  expect(
    await manage(key.ask, 'updateTenant', { tenantId: team.tenantId, name: 'Mine' }),
  ).toMatchObject({
    code: 'FORBIDDEN',
  });
  const { rows } = await app.owner.query(
    `select actor_type as type from audit_events where tenant_id = $1 and action = 'access.denied'`,
    [team.tenantUuid],
  );
  expect(rows).toEqual([{ type: 'ApiKey' }]);
});

test('a line of an invitation that would give more than one has is such an attempt too', async () => {
  const team = await createTeam(app);
  const admin = await createMember(app, team, 'admin');
  expect(
    await inviteOne(team, 'friend@people.example', { roleKeys: ['owner'], ask: admin.ask }),
  ).toMatchObject({ code: 'FORBIDDEN' });
  expect(await readDenied(team)).toMatchObject([{ actor: admin.userUuid }]);
});

test('where only a fresh sign-in is missing nothing is recorded, nor for what is no permission', async () => {
  const team = await createTeam(app);
  await app.owner.query(
    `update sessions set authenticated_at = now() - interval '1 day' where user_id = $1`,
    [team.owner.userUuid],
  );
  expect(await manage(team.owner.ask, 'deleteTenant', deletionOf(team))).toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(
    await manage(team.owner.ask, 'updateTenant', { tenantId: team.tenantId, name: '' }),
  ).toMatchObject({
    code: 'BAD_USER_INPUT',
  });
  expect(await readDenied(team)).toEqual([]);
});
