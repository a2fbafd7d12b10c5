import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GraphQLResult, startTestApp, type TestApp } from '../support/app.ts';
import { createTeam, type Team } from '../support/people.ts';

// Changes that wait for each other's locks hold a connection each. Here people sign in from one address, whose
// budget is one row, and somebody holds that row.

const connections = 4;
/** Of four connections one is never a change's. */
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
    // All of the crowd is one person.
    SIGN_IN_FREE_FAILURES: '100',
    // As long as a test may take: nothing else is to end what waits.
    DATABASE_STATEMENT_TIMEOUT_MS: '30000',
    DATABASE_QUERY_TIMEOUT_MS: '30000',
    REQUEST_TIMEOUT_MS: '30000',
    ...environment,
  });
  team = await createTeam(app);
  const answer = await askToSignIn();
  expect(answer.data.signIn.user.id).toBe(team.owner.userId);
}

function askToSignIn(): Promise<GraphQLResult> {
  const { email, password } = team.owner;
  return app.ask(signIn, { variables: { input: { email, password } } });
}

const countWaiting = async () => {
  // The transaction that holds the row would go on seeing what it saw first.
  await app.owner.query('select pg_stat_clear_snapshot()');
  const { rows } = await app.owner.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.count;
};

let isHeld = false;

async function holdRow(): Promise<void> {
  await app.owner.query('begin');
  isHeld = true;
  await app.owner.query(`select from sign_in_budgets where bucket like 'source:%' for update`);
}

/** Holds the row, lets a crowd sign in, and resolves when as many of them wait for it as may. */
async function crowdIn(): Promise<Promise<GraphQLResult>[]> {
  await holdRow();
  const pending = Array.from({ length: crowd }, askToSignIn);
  await expect.poll(countWaiting).toBe(changesMax);
  return pending;
}

async function letGo(): Promise<void> {
  if (isHeld) await app.owner.query('rollback');
  isHeld = false;
}

afterEach(letGo);

describe('while more changes wait for a lock than there are connections', () => {
  beforeAll(() => start({ DATABASE_ACQUIRE_TIMEOUT_MS: '10000' }));
  afterAll(() => app.close());

  test('sessions are checked and pages are read, and all changes are done in the end', async () => {
    const pending = await crowdIn();
    const { token } = team.owner;
    const checked = await team.owner.ask(verifySession, { variables: { token } });
    expect(checked.data.verifySession).toEqual({ valid: true, user: { id: team.owner.userId } });
    const read = await team.owner.ask(
      `{ tenant(id: "${team.tenantId}") { memberships(first: 5) { edges { node { id } } } } }`,
    );
    expect(read.data.tenant.memberships.edges).toHaveLength(1);
    expect(await countWaiting()).toBe(changesMax);
    await letGo();
    for (const { data } of await Promise.all(pending)) {
      expect(data.signIn).toEqual({ user: { id: team.owner.userId } });
    }
  });

  test('a bad credential is refused as such', async () => {
    const pending = await crowdIn();
    const options = { variables: { token: team.owner.token }, token: 'tns_nobody' };
    const { data, errors } = await app.ask(verifySession, options);
    expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'UNAUTHENTICATED']);
    await letGo();
    await Promise.all(pending);
  });
});

describe('where a change gets no turn in time', () => {
  beforeAll(() => start({ DATABASE_ACQUIRE_TIMEOUT_MS: '150' }));
  afterAll(() => app.close());

  test('it is refused as unavailable, the others are done, and the next one is let in', async () => {
    const before = await countSessions();
    const pending = await crowdIn();
    const refused = await Promise.race(pending);
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE' });
    await expect.poll(() => app.app.db.poolStat().waiting).toBe(0);
    const { data, errors } = await team.owner.ask(createTenant);
    expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'UNAVAILABLE']);
    expect(await countTenants()).toBe(1);
    await letGo();
    const answers = await Promise.all(pending);
    const done = answers.filter(({ data }) => data?.signIn?.user);
    expect(done).toHaveLength(changesMax);
    expect(await countSessions()).toBe(before + changesMax);
    expect((await askToSignIn()).data.signIn.user.id).toBe(team.owner.userId);
    expect((await team.owner.ask(createTenant)).data.createTenant.tenant.slug).toBe('another');
    expect(await countTenants()).toBe(2);
  });
});

describe('people who sign in, until they are hashed', () => {
  beforeAll(() => start({ IN_FLIGHT_MAX: '2', IN_FLIGHT_QUEUE_MAX: '0' }));
  afterAll(() => app.close());

  test('are among those in flight, so one address cannot take all places for hashes', async () => {
    await holdRow();
    const pending = Array.from({ length: crowd }, askToSignIn);
    const stats = () => app.app.http.loadShedder.stats();
    await expect.poll(stats).toEqual({ inFlight: 2, waiting: 0, shed: crowd - 2 });
    expect(app.app.runtime.passwords.stats()).toMatchObject({ running: 0, queued: 0 });
    await letGo();
    const answers = await Promise.all(pending);
    expect(answers.filter(({ data }) => data?.signIn?.user)).toHaveLength(2);
    const codes = answers.flatMap(({ errors }) => errors?.[0]?.extensions.code ?? []);
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
