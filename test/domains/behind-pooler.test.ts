import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { followChanges } from '../../src/db/invalidation.ts';
import {
  createProgram,
  isKeyValid,
  type Program,
  sendKey,
  toProgram,
} from '../support/api-keys.ts';
import { type GraphQLResult, startTestApp, type TestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { isValid, type OpenSession, openSession, send } from '../support/credentials.ts';
import {
  createMember,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';
import { findPgBouncer, type Pooler, startPooler } from '../support/pooler.ts';
import { follow } from '../support/streams.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// Two servers that share a real PgBouncer in transaction mode, which has fewer connections than either of them.

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const program = findPgBouncer();

const settings = {
  // As long as any server may remember: what is forgotten in time is forgotten because it was heard.
  CREDENTIAL_CACHE_MS: '5000',
  DATABASE_POOL_SIZE: '10',
  SESSIONS_PER_USER_MAX: '1000',
  METRICS_PORT: '0',
  SIGN_IN_FREE_FAILURES: '100',
  PASSWORD_HASH_QUEUE_MAX: '1000',
  IN_FLIGHT_MAX: '1000',
  // On a busy machine nothing but an error ends a request.
  DATABASE_ACQUIRE_TIMEOUT_MS: '60000',
  DATABASE_STATEMENT_TIMEOUT_MS: '60000',
  DATABASE_QUERY_TIMEOUT_MS: '60000',
  REQUEST_TIMEOUT_MS: '120000',
};

describe.skipIf(program === null)('through a pooler in transaction mode', () => {
  let direct: TestDatabase;
  let pooler: Pooler;
  let processes: TwoProcesses;
  let here: TestApp;
  let team: Team;
  let admin: Person;

  beforeAll(async () => {
    direct = await createTestDatabase();
    pooler = await startPooler(program ?? '', [direct.appUrl], { default_pool_size: 4 });
    const database = { ...direct, appUrl: pooler.reroute(direct.appUrl) };
    processes = await startTwoProcesses(settings, { database, listenUrl: direct.appUrl });
    here = processes.here;
    team = await createTeam(here);
    admin = await createPlatformAdmin(here);
  });
  afterAll(async () => {
    // Removes the database as well, which nobody may be connected to.
    await pooler.close();
    await processes.close();
  });

  test('200 requests at once, of every kind, are all answered without an error', async () => {
    await createMember(here, team, 'member');
    const { owner, tenantId } = team;
    const { email, password, token } = owner;
    const kinds: (() => Promise<GraphQLResult>)[] = [
      () => here.ask(signUp, { variables: { email: `${crypto.randomUUID()}@new.example` } }),
      () => here.ask(signIn, { variables: { email, password } }),
      () => owner.ask(viewer),
      () => owner.ask(members, { variables: { tenantId } }),
      () => owner.ask(verify, { variables: { token } }),
      () => owner.ask(rename, { variables: { name: `Owner ${Math.random()}` } }),
      () => admin.ask(tenants),
      () => owner.ask(auditLog, { variables: { tenantId } }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => kinds[index % kinds.length]?.()),
    );
    const isDone = (answer?: GraphQLResult) =>
      answer?.errors === undefined && !JSON.stringify(answer?.data).includes('"code"');
    expect(answers.filter((answer) => !isDone(answer))).toEqual([]);
  });

  test('0 of 200 revocations are believed after their answer, here or in another process', async () => {
    await waitUntil(() => isHeard(here));
    const outcomes: string[] = [];
    for (let round = 0; round < 25; round += 1) {
      const trials = await Promise.all([
        ...[1, 2, 3, 4].map(() => tryKey()),
        ...[1, 2, 3, 4].map(() => trySession()),
      ]);
      outcomes.push(...trials);
    }
    expect(outcomes).toEqual(Array(200).fill('good here and there, then refused here and there'));
    expect(await isHeard(here)).toBe(true);
  });

  test('a stream of audit events reports what was done through the pooler', async () => {
    const { tenantId, owner } = team;
    const stream = await follow(here.url, events, { token: owner.token, variables: { tenantId } });
    const key = await createProgram(here, owner, team, 'tenant:read');
    expect((await stream.next())?.data?.auditEvents).toMatchObject({ action: 'api_key.created' });
    await revokeKey(key);
    expect((await stream.next())?.data?.auditEvents).toMatchObject({ action: 'api_key.revoked' });
    await stream.leave();
  });

  test('a process that could listen only through the pooler says so once, and remembers nothing', async () => {
    const warnings: unknown[] = [];
    const changes = followChanges({
      url: here.appUrl,
      onChange: () => undefined,
      log: { info: () => undefined, warn: ({ err }) => warnings.push(err) },
    });
    await waitUntil(async () => warnings.length > 0);
    expect(changes.isHeard()).toBe(false);
    await changes.close();
    expect(warnings).toEqual([expect.objectContaining({ name: 'PoolerError' })]);

    const database = { ...direct, appUrl: here.appUrl, drop: async () => undefined };
    const deaf = await startTestApp(settings, { database });
    try {
      for (let trial = 0; trial < 20; trial += 1) {
        const key = toProgram(deaf, await createOwnKey());
        expect(await isKeyValid(key)).toBe(true);
        await revokeKey(key);
        expect(await isKeyValid(key)).toBe(false);
        expect(await isHeard(deaf)).toBe(false);
      }
    } finally {
      await deaf.close();
    }
  });

  /** As createApiKey returns it. */
  async function createOwnKey() {
    const { id, token } = await createProgram(here, team.owner, team, 'tenant:read');
    return { secret: token, apiKey: { id } };
  }

  async function tryKey(): Promise<string> {
    const key = await createProgram(here, team.owner, team, 'tenant:read');
    const there = toProgram(processes.there, { secret: key.token, apiKey: key });
    return observe({
      isGoodHere: () => isKeyValid(key),
      isValidThere: () => isKeyValid(there),
      end: () => revokeKey(key),
    });
  }

  async function trySession(): Promise<string> {
    const session = await openSession(here, team.owner);
    return observe({
      isGoodHere: () => isValid(session),
      isValidThere: () => processes.isValidThere(session),
      end: () => revokeSession(session),
    });
  }

  async function observe({ isGoodHere, isValidThere, end }: Credential): Promise<string> {
    const before = [await isGoodHere(), await isValidThere()];
    await end();
    const isBelievedHere = await isGoodHere();
    // A transaction of its own brings the other process up to date with everything committed before it.
    const { data } = await processes.there.ask(rename, {
      token: admin.token,
      variables: { name: 'Somebody else' },
    });
    expect(data.updateProfile.code).toBeUndefined();
    const after = [isBelievedHere, await isValidThere()];
    return `${describePair('good', before)}, then ${describePair(
      'refused',
      after.map((one) => !one),
    )}`;
  }

  const revokeKey = ({ id }: Program) => sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: id });

  const revokeSession = ({ id }: OpenSession) =>
    send(team.owner.ask, 'revokeSession', { sessionId: id });
});

type Credential = {
  isGoodHere: () => Promise<boolean>;
  isValidThere: () => Promise<boolean>;
  end: () => Promise<{ code: string | null }>;
};

const describePair = (word: string, [here, there]: boolean[]) =>
  here && there ? `${word} here and there` : `${word}: here ${here}, there ${there}`;

/** As the metric tells it. */
async function isHeard({ app }: TestApp): Promise<boolean> {
  const text = await (await fetch(app.metricsUrl ?? '')).text();
  return /^tenantry_changes_unheard 0$/m.test(text);
}

const signUp = `mutation ($email: String!) {
  signUp(input: { email: $email, password: "a heron over the pond" }) {
    ... on SignUpSuccess { user { id } } ... on Error { code } } }`;
const signIn = `mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    ... on SignInSuccess { user { id } } ... on Error { code } } }`;
const rename = `mutation ($name: String!) { updateProfile(input: { name: $name }) {
  ... on UpdateProfileSuccess { user { id } } ... on Error { code } } }`;
const viewer = `{ viewer { user { email } memberships { edges { node {
  tenant { name } roles { key } permissions } } } } }`;
const members = `query ($tenantId: ID!) { tenant(id: $tenantId) { memberships(first: 50) { edges { node {
  user { email } roles { key } lastSignInAt } } } } }`;
const verify = 'query ($token: String!) { verifySession(token: $token) { valid user { id } } }';
const tenants = '{ tenants(first: 100) { edges { node { name memberCount owners { email } } } } }';
const auditLog = `query ($tenantId: ID!) { tenant(id: $tenantId) {
  auditEvents(first: 20) { edges { node { action } } } } }`;
const events = `subscription ($tenantId: ID!) {
  auditEvents(tenantId: $tenantId) { action } }`;
