import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GraphQLResult, startTestApp, type TestApp } from '../support/app.ts';
import { createTeam, type Team } from '../support/people.ts';

// Each change that waits for a lock holds a connection. Here users sign in from one address, whose rate limit is
// one row, and the test holds a lock on that row.

const connections = 4;
/** One of the four connections is never used for a change. */
const changesMax = 3;
const crowd = 8;

const signIn = `mutation ($input: SignInInput!) {
  signIn(input: $input) { ... on SignInSuccess { user { id } } ... on Error { code } } }`;
const verifySession = `query ($token: String!) {
  verifySession(token: $token) { valid user { id } } }`;

const createTenant = `mutation { createTenant(input: { name: "Another", slug: "another" }) {
  ... on CreateTenantSuccess { tenant { slug } } ... on Error { code } } }`;

let app: TestApp;
let team: Team;

async function start(environment: Record<string, string>): Promise<void> {
  app = await startTestApp({
    DATABASE_POOL_SIZE: String(connections),
    // The whole crowd signs in as one user.
    SIGN_IN_FREE_FAILURES: '100',
    // As long as a test may take, so that no other timeout ends the wait.
    DATABASE_STATEMENT_TIMEOUT_MS: '30000',
    DATABASE_QUERY_TIMEOUT_MS: '30000',
    REQUEST_TIMEOUT_MS: '30000',
    ...environment,
  });
  team = await createTeam(app);
  const response = await sendSignIn();
  expect(response.data.signIn.user.id).toBe(team.owner.userId);
}

function sendSignIn(): Promise<GraphQLResult> {
  const { email, password } = team.owner;
  return app.ask(signIn, { variables: { input: { email, password } } });
}

const countWaiting = async () => {
  // Within a transaction the statistics are a snapshot unless it is cleared.
  await app.owner.query('select pg_stat_clear_snapshot()');
  const { rows } = await app.owner.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.count;
};

let isLocked = false;

async function lockRow(): Promise<void> {
  await app.owner.query('begin');
  isLocked = true;
  await app.owner.query(`select from sign_in_budgets where bucket like 'source:%' for update`);
}

/** Locks the row, starts the sign-ins, and resolves when `changesMax` of them wait for the lock. */
async function startCrowd(): Promise<Promise<GraphQLResult>[]> {
  await lockRow();
  const pending = Array.from({ length: crowd }, sendSignIn);
  await expect.poll(countWaiting).toBe(changesMax);
  return pending;
}

async function unlockRow(): Promise<void> {
  if (isLocked) await app.owner.query('rollback');
  isLocked = false;
}

afterEach(unlockRow);

describe('while more changes wait for a lock than there are connections', () => {
  beforeAll(() => start({ DATABASE_ACQUIRE_TIMEOUT_MS: '10000' }));
  afterAll(() => app.close());

  test('sessions are verified and pages are read, and all changes succeed in the end', async () => {
    const pending = await startCrowd();
    const { token } = team.owner;
    const checked = await team.owner.ask(verifySession, { variables: { token } });
    expect(checked.data.verifySession).toEqual({ valid: true, user: { id: team.owner.userId } });
    const read = await team.owner.ask(
      `{ tenant(id: "${team.tenantId}") { memberships(first: 5) { edges { node { id } } } } }`,
    );
    expect(read.data.tenant.memberships.edges).toHaveLength(1);
    expect(await countWaiting()).toBe(changesMax);
    await unlockRow();
    for (const { data } of await Promise.all(pending)) {
      expect(data.signIn).toEqual({ user: { id: team.owner.userId } });
    }
  });

  test('an invalid credential is rejected as UNAUTHENTICATED', async () => {
    const pending = await startCrowd();
    const options = { variables: { token: team.owner.token }, token: 'tns_nobody' };
    const { data, errors } = await app.ask(verifySession, options);
    expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'UNAUTHENTICATED']);
    await unlockRow();
    await Promise.all(pending);
  });
});

describe('when a change waits too long for a connection', () => {
  beforeAll(() => start({ DATABASE_ACQUIRE_TIMEOUT_MS: '150' }));
  afterAll(() => app.close());

  test('it is rejected as UNAVAILABLE, the others succeed, and later changes are accepted', async () => {
    const before = await countSessions();
    const pending = await startCrowd();
    const rejected = await Promise.race(pending);
    expect(rejected.errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE' });
    await expect.poll(() => app.app.db.poolStat().waiting).toBe(0);
    const { data, errors } = await team.owner.ask(createTenant);
    expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'UNAVAILABLE']);
    expect(await countTenants()).toBe(1);
    await unlockRow();
    const responses = await Promise.all(pending);
    const done = responses.filter(({ data }) => data?.signIn?.user);
    expect(done).toHaveLength(changesMax);
    expect(await countSessions()).toBe(before + changesMax);
    expect((await sendSignIn()).data.signIn.user.id).toBe(team.owner.userId);
    expect((await team.owner.ask(createTenant)).data.createTenant.tenant.slug).toBe('another');
    expect(await countTenants()).toBe(2);
  });
});

describe('a sign-in that has not reached its password hash', () => {
  beforeAll(() => start({ IN_FLIGHT_MAX: '2', IN_FLIGHT_QUEUE_MAX: '0' }));
  afterAll(() => app.close());

  test('counts as in flight, so one address cannot take all hashing slots', async () => {
    await lockRow();
    const pending = Array.from({ length: crowd }, sendSignIn);
    const stats = () => app.app.http.loadShedder.stats();
    await expect.poll(stats).toEqual({ inFlight: 2, waiting: 0, shed: crowd - 2 });
    expect(app.app.runtime.passwords.stats()).toMatchObject({ running: 0, queued: 0 });
    await unlockRow();
    const responses = await Promise.all(pending);
    expect(responses.filter(({ data }) => data?.signIn?.user)).toHaveLength(2);
    const codes = responses.flatMap(({ errors }) => errors?.[0]?.extensions.code ?? []);
    expect(codes).toEqual(Array.from({ length: crowd - 2 }, () => 'UNAVAILABLE'));
  });
});

async function countSessions(): Promise<number> {
  const { rows } = await app.owner.query<{ count: number }>(
    'select count(*)::int as count from sessions',
  );
  return rows[0]?.count ?? 0;
}

async function countTenants(): Promise<number> {
  const { rows } = await app.owner.query<{ count: number }>(
    'select count(*)::int as count from tenants',
  );
  return rows[0]?.count ?? 0;
}
