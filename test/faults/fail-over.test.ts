import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GraphQLResult, startTestApp, type TestApp } from '../support/app.ts';
import { type CrashingCluster, startCrashingCluster } from '../support/crashing-cluster.ts';
import { createPerson, type Person } from '../support/people.ts';
import { type Standby, type Switch, startStandby, startSwitch } from '../support/standby.ts';

// A primary and a standby behind one address, which is all that the server knows.

// Two servers are started for each test.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

let primary: CrashingCluster;
let standby: Standby;
let address: Switch;
let app: TestApp;
let person: Person;

beforeEach(async () => {
  primary = await startCrashingCluster();
  standby = await startStandby(primary);
  address = await startSwitch(primary.database.ownerUrl);
});

afterEach(async () => {
  await app.close();
  await address.close();
  await standby.close();
  // Only one that runs can be stopped and removed.
  if (!(await primary.isRunning())) await primary.restart();
  await primary.database.drop();
});

/** Long time-outs, so that only a broken connection can fail a request. */
const settings = {
  CREDENTIAL_CACHE_MS: '1000',
  DATABASE_ACQUIRE_TIMEOUT_MS: '30000',
  DATABASE_STATEMENT_TIMEOUT_MS: '30000',
  DATABASE_QUERY_TIMEOUT_MS: '30000',
  REQUEST_TIMEOUT_MS: '60000',
};

async function startServer(): Promise<void> {
  const { ownerUrl, appUrl } = primary.database;
  const database = {
    ownerUrl: address.reroute(ownerUrl),
    appUrl: address.reroute(appUrl),
    drop: async () => undefined,
  };
  app = await startTestApp(settings, { database });
  app.owner.on('error', () => undefined);
}

/** Sends concurrent requests until the pool has reached its size. */
async function startServerWithFullPool(): Promise<void> {
  await startServer();
  person = await createPerson(app);
  await Promise.all(Array.from({ length: 40 }, () => rename(`Before ${Math.random()}`)));
  expect(app.app.db.poolStat().size).toBe(4);
}

const rename = (name: string) =>
  person.ask(
    `mutation ($name: String) { updateProfile(input: { name: $name }) {
      ... on UpdateProfileSuccess { user { name } } ... on Error { code } } }`,
    { variables: { name } },
  );

/** The new name, or the code of the error. */
const readOutcome = ({ data, errors }: GraphQLResult) =>
  errors ? errors[0]?.extensions.code : data.updateProfile.user.name;

const probe = async () => (await fetch(`${app.url}/readyz`)).status;

/** Whether 40 concurrent changes all succeed. */
const isHealthy = async () => {
  const names = Array.from({ length: 40 }, (_, index) => `Name ${index}`);
  const responses = await Promise.all(names.map(rename));
  return responses.map(readOutcome).every((outcome, index) => outcome === names[index]);
};

/** The server recovers without a restart, and without its live connections being cut. */
async function expectRecovery(): Promise<void> {
  await expect.poll(isHealthy, { timeout: 60_000, interval: 100 }).toBe(true);
  expect(await isHealthy()).toBe(true);
  await expect.poll(probe, { timeout: 30_000 }).toBe(200);
}

/** Cuts all connections and routes the address to the standby, which accepts no changes. */
async function routeToStandby(): Promise<void> {
  await standby.catchUp();
  address.routeTo(standby.ownerUrl);
  address.cut();
  await expect.poll(probe, { timeout: 30_000 }).toBe(503);
}

describe('while the address leads to a standby', () => {
  beforeEach(async () => {
    await startServerWithFullPool();
    await routeToStandby();
  });

  test('changes are rejected as unavailable and reads work, until the address leads to the primary again', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => rename('Lost')));
    expect(outcomes.map(readOutcome)).toEqual(Array(4).fill('UNAVAILABLE'));
    const { data } = await person.ask('{ viewer { user { email } } }');
    expect(data.viewer.user.email).toBe(person.email);
    address.routeTo(primary.database.ownerUrl);
    await expectRecovery();
  });

  test('a server that gets no requests but readiness probes finds the primary again', async () => {
    address.routeTo(primary.database.ownerUrl);
    await expect.poll(probe, { timeout: 30_000 }).toBe(200);
    await expectRecovery();
  });

  test('a promotion is noticed on existing connections', async () => {
    await standby.promote();
    await expectRecovery();
  });
});

test('the server recovers after the primary is killed and its standby promoted, and sessions stay valid', async () => {
  await startServerWithFullPool();
  await standby.catchUp();
  await primary.kill();
  expect(readOutcome(await rename('Lost'))).toBe('UNAVAILABLE');
  expect(await probe()).toBe(503);
  await standby.promote();
  address.routeTo(standby.ownerUrl);
  await expectRecovery();
});
