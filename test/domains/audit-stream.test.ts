import { beforeAll, expect, test } from 'vitest';
import { type Cast, createCast } from '../support/cast.ts';
import { waitUntil } from '../support/child.ts';
import { describeApp } from '../support/describe-app.ts';
import { createTeam, type Person, type Team } from '../support/people.ts';
import { follow } from '../support/streams.ts';

const app = describeApp();
let cast: Cast;
beforeAll(async () => {
  cast = await createCast(app);
});

const subscription = `subscription ($id: ID!, $after: String) {
  auditEvents(tenantId: $id, after: $after) { id sequence action actor { id } target { id } changes } }`;

function followAuditLog(
  person: Pick<Person, 'token'> | null,
  { tenantId }: Team,
  after: string | null = null,
) {
  const token = person?.token ?? null;
  return follow(app.url, subscription, { token, variables: { id: tenantId, after } });
}

function rename({ tenantId, owner }: Team, name: string) {
  return owner.ask(
    'mutation ($id: ID!, $name: String!) { updateTenant(input: { tenantId: $id, name: $name }) { __typename } }',
    { variables: { id: tenantId, name } },
  );
}

const listEvents = async ({ tenantId, owner }: Team) => {
  const { data } = await owner.ask(
    'query ($id: ID!) { tenant(id: $id) { auditEvents(last: 100) { edges { cursor node { id sequence } } } } }',
    { variables: { id: tenantId } },
  );
  return data.tenant.auditEvents.edges.reverse();
};

test('who follows an audit log is sent each new entry, with what it is about, and none from before', async () => {
  const stream = await followAuditLog(cast.admin, cast.team);
  await rename(cast.team, 'First');
  await rename(cast.team, 'Second');
  const first = await stream.next();
  const sequence = first?.data.auditEvents.sequence;
  expect(first).toMatchObject({
    data: {
      auditEvents: {
        action: 'tenant.updated',
        actor: { id: cast.owner.userId },
        target: { id: cast.team.tenantId },
        changes: { name: [expect.any(String), 'First'] },
      },
    },
  });
  expect(await stream.next()).toMatchObject({
    data: { auditEvents: { sequence: sequence + 1, changes: { name: ['First', 'Second'] } } },
  });
  await stream.leave();
});

test('who comes back with the last entry it has read, or a cursor, misses none and reads none twice', async () => {
  const team = await createTeam(app);
  for (const name of ['One', 'Two', 'Three']) await rename(team, name);
  const edges = await listEvents(team);
  for (const after of [edges[1].node.id, edges[1].cursor]) {
    const stream = await followAuditLog(team.owner, team, after);
    await rename(team, `Later than ${after.slice(0, 5)}`);
    const wanted = (await listEvents(team)).slice(2);
    const read = [];
    for (const _ of wanted) read.push((await stream.next())?.data.auditEvents.id);
    expect(read).toEqual(wanted.map(({ node }: { node: { id: string } }) => node.id));
    await stream.leave();
  }
});

test('entries that are written at the same time all arrive, in order', async () => {
  const team = await createTeam(app);
  const stream = await followAuditLog(team.owner, team);
  // More than fit on a page, by as many at a time as there are connections.
  const lanes = [1, 2, 3, 4].map(async (lane) => {
    for (let turn = 0; turn < 15; turn += 1) await rename(team, `Name ${lane}-${turn}`);
  });
  await Promise.all(lanes);
  const wanted = (await listEvents(team)).slice(1);
  expect(wanted.length).toBeGreaterThan(50);
  const read = [];
  for (const _ of wanted) read.push((await stream.next())?.data.auditEvents.sequence);
  expect(read).toEqual(wanted.map((_: unknown, index: number) => index + 2));
  await stream.leave();
});

test.each([
  ['anonymous callers', 'UNAUTHENTICATED', () => null],
  ['strangers', 'NOT_FOUND', () => cast.otherTeam.owner],
  ['members without audit:read', 'FORBIDDEN', () => cast.member],
])('%s are refused with %s', async (_who, code, getPerson) => {
  const stream = await followAuditLog(getPerson(), cast.team);
  expect(await stream.rest()).toMatchObject([{ errors: [{ extensions: { code } }] }]);
});

test('an `after` of another tenant is refused like one that is none', async () => {
  const [foreign] = await listEvents(cast.otherTeam);
  for (const after of [foreign.node.id, foreign.cursor, 'nonsense', '']) {
    const [rejection] = await (await followAuditLog(cast.owner, cast.team, after)).rest();
    expect(rejection?.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['after'],
    });
  }
});

test('a tenant that is absent is refused like a foreign one', async () => {
  const absent = { ...cast.team, tenantId: cast.team.tenantId.replace(/_.{4}/, '_0000') };
  const answers = [];
  for (const team of [absent, cast.otherTeam]) {
    answers.push(await (await followAuditLog(cast.owner, team)).rest());
  }
  expect(answers[0]).toEqual(answers[1]);
});

test('a stream whose reader hangs up is gone at once', async () => {
  const before = app.app.runtime.streams.count();
  const stream = await followAuditLog(cast.owner, cast.team);
  expect(app.app.runtime.streams.count()).toBe(before + 1);
  await stream.leave();
  await waitUntil(async () => app.app.runtime.streams.count() === before, 1);
});
