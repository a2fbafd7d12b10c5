import { expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { createMember, createTeam, type Team } from '../support/people.ts';
import { runSql } from '../support/sql.ts';

const app = describeApp();

type Entry = {
  sequence: number;
  action: string;
  actor: { id: string } | null;
  target: { id: string } | null;
  changes: Record<string, unknown>;
};

async function listAuditLog(team: Team, where = {}): Promise<Entry[]> {
  const { data } = await team.owner.ask(
    `query ($id: ID!, $where: AuditWhere) { tenant(id: $id) { auditEvents(first: 100, where: $where) {
      edges { node { sequence action actor { id } target { id } changes requestId ip hash } } } } }`,
    { variables: { id: team.tenantId, where } },
  );
  return data.tenant.auditEvents.edges.map(({ node }: { node: Entry }) => node).reverse();
}

const verify = async (chain: string) => {
  const { rows } = await app.owner.query('select * from verify_audit_chain($1)', [chain]);
  return rows[0];
};

async function createBusyTeam() {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const change = (input: object) =>
    team.owner.ask(
      `mutation ($input: UpdateMembershipInput!) { updateMembership(input: $input) { __typename } }`,
      { variables: { input: { membershipId: member.membershipId, ...input } } },
    );
  await change({ roleKeys: ['admin'] });
  await change({ isActive: false });
  await team.owner.ask(
    `mutation ($id: ID!) {
      updateTenant(input: { tenantId: $id, name: "Renamed" }) { __typename }
      createRole(input: { tenantId: $id, key: "billing", name: "Billing", permissions: [] }) { __typename }
    }`,
    { variables: { id: team.tenantId } },
  );
  return { team, member };
}

test('each change of a tenant stands in its audit log, in order, with what it was before and after', async () => {
  const { team, member } = await createBusyTeam();
  const auditLog = await listAuditLog(team);
  expect(auditLog.map(({ sequence, action }) => [sequence, action])).toEqual([
    [1, 'tenant.created'],
    [2, 'membership.updated'],
    [3, 'membership.updated'],
    [4, 'tenant.updated'],
    [5, 'role.created'],
  ]);
  expect(auditLog.every(({ actor }) => actor?.id === team.owner.userId)).toBe(true);
  expect(auditLog[1]).toMatchObject({
    target: { id: member.membershipId },
    changes: { roles: [['member'], ['admin']] },
  });
  expect(auditLog[2]?.changes).toEqual({ isActive: [true, false] });
  expect(auditLog[3]?.changes).toMatchObject({ name: [expect.any(String), 'Renamed'] });
});

test('a change that is refused leaves no trace, and one that fails leaves neither', async () => {
  const { team } = await createBusyTeam();
  const before = (await listAuditLog(team)).length;
  await team.owner.ask(
    `mutation ($id: ID!) { leaveTenant(input: { tenantId: $id }) { __typename } }`,
    { variables: { id: team.tenantId } },
  );
  expect(await listAuditLog(team)).toHaveLength(before);
});

test('the audit log can be narrowed to an action and to a person', async () => {
  const { team, member } = await createBusyTeam();
  const updates = await listAuditLog(team, { action: 'membership.updated' });
  expect(updates.map(({ sequence }) => sequence)).toEqual([2, 3]);
  expect(await listAuditLog(team, { actorId: team.owner.userId })).toHaveLength(5);
  expect(await listAuditLog(team, { actorId: member.userId })).toEqual([]);
  expect(await listAuditLog(team, { actorId: 'nonsense' })).toEqual([]);
});

test('the audit log can be narrowed to an object, to a time and to what was done in another’s name', async () => {
  const { team, member } = await createBusyTeam();
  const auditLog = await listAuditLog(team);
  const numbers = async (where: object) =>
    (await listAuditLog(team, where)).map(({ sequence }) => sequence);
  expect(await numbers({ targetId: member.membershipId })).toEqual([2, 3]);
  expect(await numbers({ targetId: member.membershipId, action: 'tenant.updated' })).toEqual([]);
  expect(await numbers({ targetId: 'nonsense' })).toEqual([]);
  expect(await numbers({ isImpersonated: true })).toEqual([]);
  expect(await numbers({ isImpersonated: false })).toHaveLength(auditLog.length);
  await app.owner.query(
    `update audit_events set at = '2026-01-01T00:00:00Z' where chain_id = $1 and sequence < 3`,
    [team.tenantUuid],
  );
  await app.owner.query(
    'update audit_events set impersonator_id = uuidv7() where chain_id = $1 and sequence = 4',
    [team.tenantUuid],
  );
  expect(await numbers({ to: '2026-01-01T00:00:01Z' })).toEqual([1, 2]);
  expect(await numbers({ from: '2026-01-01T00:00:01Z' })).toEqual([3, 4, 5]);
  expect(await numbers({ isImpersonated: true })).toEqual([4]);
});

test('strangers see nothing of an audit log, members need audit:read', async () => {
  const { team } = await createBusyTeam();
  const stranger = (await createTeam(app)).owner;
  const member = await createMember(app, team, 'member');
  const query = `query ($id: ID!) { tenant(id: $id) { auditEvents { edges { node { id } } } } }`;
  const variables = { id: team.tenantId };
  expect(await stranger.ask(query, { variables })).toEqual({ data: { tenant: null } });
  const refused = await member.ask(query, { variables });
  expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test('node finds an entry for who may read the audit log, and for nobody else', async () => {
  const { team } = await createBusyTeam();
  const { data } = await team.owner.ask(
    'query ($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { edges { node { id } } } } }',
    { variables: { id: team.tenantId } },
  );
  const [{ node }] = data.tenant.auditEvents.edges;
  const find = 'query ($id: ID!) { node(id: $id) { id } }';
  const absent = node.id.replace(/_.{4}/, '_0000');
  const askers = [
    team.owner,
    (await createTeam(app)).owner,
    await createMember(app, team, 'member'),
  ];
  const answers = await Promise.all(
    askers.map(({ ask }) => ask(find, { variables: { id: node.id } })),
  );
  expect(answers).toEqual([{ data: { node } }, { data: { node: null } }, { data: { node: null } }]);
  expect(await team.owner.ask(find, { variables: { id: absent } })).toEqual({
    data: { node: null },
  });
});

test('an untouched chain verifies; an altered row, a missing row and a lopped tail are named', async () => {
  const { team } = await createBusyTeam();
  const chain = team.tenantUuid;
  expect(await verify(chain)).toEqual({
    events: '5',
    redacted: '0',
    broken_sequence: null,
    fault: null,
  });
  const faultAfter = async (sql: string) => {
    await app.owner.query('begin');
    await app.owner.query(sql, [chain]);
    const { broken_sequence, fault } = await verify(chain);
    await app.owner.query('rollback');
    return [broken_sequence, fault];
  };
  const altered = `update audit_events set changes = '{}' where chain_id = $1 and sequence = 3`;
  expect(await faultAfter(altered)).toEqual(['3', expect.stringContaining('does not say')]);
  const missing = 'delete from audit_events where chain_id = $1 and sequence = 2';
  expect(await faultAfter(missing)).toEqual(['3', expect.stringContaining('missing')]);
  const lopped = 'delete from audit_events where chain_id = $1 and sequence > 3';
  expect(await faultAfter(lopped)).toEqual(['4', expect.stringContaining('end of the chain')]);
});

test("the server's own login can neither alter nor remove what was written", async () => {
  const { team } = await createBusyTeam();
  for (const statement of [
    `update audit_events set action = 'x'`,
    'delete from audit_events',
    'truncate audit_events',
    'update audit_heads set sequence = 0',
    'select * from audit_heads',
    `insert into audit_events (chain_id, sequence, action, changes, hash) values (uuidv7(), 1, 'x', '{}', '')`,
  ]) {
    expect(await runSql(app.appUrl, statement)).toBe('42501');
  }
  expect((await verify(team.tenantUuid)).broken_sequence).toBeNull();
});

test('changes made at the same time stand one after another, without gaps', async () => {
  const { team } = await createBusyTeam();
  await Promise.all(
    Array.from({ length: 12 }, (_, number) =>
      team.owner.ask(
        `mutation ($id: ID!) { updateTenant(input: { tenantId: $id, name: "Name ${number}" }) { __typename } }`,
        { variables: { id: team.tenantId } },
      ),
    ),
  );
  expect(await verify(team.tenantUuid)).toMatchObject({ events: '17', broken_sequence: null });
});

test('what a person does for itself stands in its own chain, without its profile in it', async () => {
  const { owner } = await createTeam(app);
  await owner.ask(
    'mutation { updateProfile(input: { name: "A name to be forgotten" }) { __typename } }',
  );
  const { rows } = await app.owner.query(
    'select action, changes from audit_events where chain_id = $1 order by sequence',
    [owner.userUuid],
  );
  expect(rows).toEqual([
    { action: 'user.signed_up', changes: {} },
    { action: 'user.updated', changes: { fields: [null, ['name']] } },
  ]);
});
