import { beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Child, startChild, waitUntil } from '../support/child.ts';
import { addMember, createPerson, createTeam, type Person, type Team } from '../support/people.ts';

// The last owner stays, whatever two owners do to each other concurrently through two processes.

const rounds = 200;

let app: TestApp;
let children: Child[];
let urls: string[];
let team: Team;
let partner: Person;

beforeAll(async () => {
  app = await startTestApp();
  children = [startServer(app.appUrl), startServer(app.appUrl)];
  urls = await Promise.all(children.map(({ firstLine }) => firstLine));
  team = await createTeam(app);
  partner = await createPerson(app);
  return async () => {
    await Promise.all(children.map((child) => child.kill()));
    await app.close();
  };
});

/** A server in its own process. */
function startServer(appUrl: string): Child {
  return startChild(`
    import { createApp } from '#root/src/app.ts';
    import { loadConfig } from '#root/src/config.ts';
    import { createLogger } from '#root/src/observability/logger.ts';
    const config = loadConfig({ NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent' });
    const app = await createApp(config, {
      appUrl: ${JSON.stringify(appUrl)},
      secret: 'a secret that only the tests know',
      log: createLogger(config.log),
    });
    const { url } = await app.http.listen();
    console.log(url);
  `);
}

type Owner = { token: string; userUuid: string; membershipId: string };
type Action = 'demotes' | 'removes' | 'pauses';
type Act = (actor: Owner, other: Owner) => [mutation: string, input: object];

const onOther: Record<Action, Act> = {
  demotes: (_actor, { membershipId }) => [
    'updateMembership',
    { membershipId, roleKeys: ['member'] },
  ],
  removes: (_actor, { membershipId }) => ['removeMember', { membershipId }],
  pauses: (_actor, { membershipId }) => ['updateMembership', { membershipId, isActive: false }],
};
const leaves: Act = () => ['leaveTenant', { tenantId: team.tenantId }];
const demotesSelf: Act = ({ membershipId }) => [
  'updateMembership',
  { membershipId, roleKeys: ['member'] },
];

/** The concurrent actions of both; in each pair only one can succeed. */
const pairs: [name: string, first: Act, second: Act][] = [
  ['both leave', leaves, leaves],
  ['they demote each other', onOther.demotes, onOther.demotes],
  ['they remove each other', onOther.removes, onOther.removes],
  ['they pause each other', onOther.pauses, onOther.pauses],
  ['both demote themselves', demotesSelf, demotesSelf],
  ['one leaves, the other demotes themselves', leaves, demotesSelf],
  ['one demotes the other, who removes the first', onOther.demotes, onOther.removes],
  ['one removes the other, who leaves', onOther.removes, leaves],
];

describe('of two concurrent actions of two owners exactly one succeeds', () => {
  const perPair = rounds / pairs.length;

  test.each(pairs)(`${perPair} times: %s`, async (name, first, second) => {
    const endings = new Map<string, number>();
    for (let round = 0; round < perPair; round += 1) {
      const [one, two] = await resetOwners();
      // In every other round both are released at the same moment, while they wait for the same lock.
      const codes = await (round % 2 === 0
        ? sendBoth(first(one, two), second(two, one), one, two)
        : behindLock(() => sendBoth(first(one, two), second(two, one), one, two)));
      const ending = codes
        .map((code) => code ?? 'succeeded')
        .sort()
        .join(' + ');
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
      expect(
        codes.filter((code) => code === null),
        ending,
      ).toHaveLength(1);
      expect(await countOwners()).toBe(1);
    }
    process.stdout.write(`\n${name}: ${JSON.stringify(Object.fromEntries(endings))}\n`);
  });
});

/** Resets the tenant to exactly two owners. */
async function resetOwners(): Promise<[Owner, Owner]> {
  await app.owner.query('delete from user_tenants where tenant_id = $1', [team.tenantUuid]);
  const add = async ({ token, userUuid }: Person): Promise<Owner> => {
    const person = { ...team.owner, userUuid };
    return { token, userUuid, membershipId: await addMember(app, team, person, 'owner') };
  };
  return [await add(team.owner), await add(partner)];
}

type Sent = ReturnType<Act>;

/** Sends each request to its own process; returns the error codes, or null for a success. */
function sendBoth(first: Sent, second: Sent, one: Owner, two: Owner): Promise<(string | null)[]> {
  return Promise.all([send(urls[0], one, first), send(urls[1], two, second)]);
}

async function send(
  url: string | undefined,
  { token }: Owner,
  [mutation, input]: Sent,
): Promise<string | null> {
  const inputType = {
    leaveTenant: 'TenantIdInput',
    removeMember: 'MembershipIdInput',
    updateMembership: 'UpdateMembershipInput',
  }[mutation];
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: `mutation ($input: ${inputType}!) {
        ${mutation}(input: $input) { ... on Error { code } } }`,
      variables: { input },
    }),
  });
  const { data, errors } = await response.json();
  return errors?.[0].extensions.code ?? data[mutation].code ?? null;
}

/** Locks the tenant's row until both requests wait for it, then releases it. */
async function behindLock<T>(work: () => Promise<T>): Promise<T> {
  await app.owner.query('begin');
  await app.owner.query('select from tenants where id = $1 for update', [team.tenantUuid]);
  const done = work();
  await waitUntil(async () => {
    const { rows } = await app.owner.query(`select pid from pg_stat_activity
      where datname = current_database() and usename = '${app.roles.app}'
        and wait_event_type = 'Lock'`);
    return rows.length === 2;
  });
  await app.owner.query('commit');
  return await done;
}

async function countOwners(): Promise<number> {
  const { rows } = await app.owner.query(
    `select count(*)::int as count from user_tenants m
     join membership_roles mr on mr.tenant_id = m.tenant_id and mr.membership_id = m.id
     join roles r on r.id = mr.role_id and r.key = 'owner'
     where m.tenant_id = $1 and m.is_active`,
    [team.tenantUuid],
  );
  return rows[0].count;
}
