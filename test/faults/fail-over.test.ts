import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GraphQLResult, startTestApp, type TestApp } from '../support/app.ts';
import { type CrashingCluster, startCrashingCluster } from '../support/crashing-cluster.ts';
import { createPerson, type Person } from '../support/people.ts';
import { type Standby, type Switch, startStandby, startSwitch } from '../support/standby.ts';

// A primary and a standby behind one address, and a server that knows the address alone.

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

/** Longer than any wait on a busy machine: only what is wrong with a connection ends a request. */
const patience = {
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
  app = await startTestApp(patience, { database });
  app.owner.on('error', () => undefined);
}

/** Everybody who asks uses connections of their own, until the pool has all it may. */
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

/** What a request came to: done, or the code of its error. */
const readOutcome = ({ data, errors }: GraphQLResult) =>
  errors ? errors[0]?.extensions.code : data.updateProfile.user.name;

const probe = async () => (await fetch(`${app.url}/readyz`)).status;

/** Every one of many changes at once is done. */
const isSound = async () => {
  const names = Array.from({ length: 40 }, (_, index) => `Name ${index}`);
  const answers = await Promise.all(names.map(rename));
  return answers.map(readOutcome).every((outcome, index) => outcome === names[index]);
};

/** Nothing was restarted, and nothing is cut that still lives: the server has to find out by itself. */
async function expectRecovery(): Promise<void> {
  await expect.poll(isSound, { timeout: 60_000, interval: 100 }).toBe(true);
  expect(await isSound()).toBe(true);
  await expect.poll(probe, { timeout: 30_000 }).toBe(200);
}

/** All connections are cut, and the address leads to the standby for a while, which takes no changes. */
async function leadToStandby(): Promise<void> {
  await standby.catchUp();
  address.routeTo(standby.ownerUrl);
  address.cut();
  await expect.poll(probe, { timeout: 30_000 }).toBe(503);
}

describe('while the address leads to a standby', () => {
  beforeEach(async () => {
    await startServerWithFullPool();
    await leadToStandby();
  });

  test('changes are rejected as unavailable, reads work, and later the primary is found again', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => rename('Lost')));
    expect(outcomes.map(readOutcome)).toEqual(Array(4).fill('UNAVAILABLE'));
    const { data } = await person.ask('{ viewer { user { email } } }');
    expect(data.viewer.user.email).toBe(person.email);
    address.routeTo(primary.database.ownerUrl);
    await expectRecovery();
  });

  test('a server that is asked for nothing but its readiness finds the primary again as well', async () => {
    address.routeTo(primary.database.ownerUrl);
    await expect.poll(probe, { timeout: 30_000 }).toBe(200);
    await expectRecovery();
  });

  test('a promotion counts without a new connection', async () => {
    await standby.promote();
    await expectRecovery();
  });
});

test('after the primary was killed and its standby promoted, nothing stays broken and nobody is signed in anew', async () => {
  await startServerWithFullPool();
  await standby.catchUp();
  await primary.kill();
  expect(readOutcome(await rename('Lost'))).toBe('UNAVAILABLE');
  expect(await probe()).toBe(503);
  await standby.promote();
  address.routeTo(standby.ownerUrl);
  await expectRecovery();
});
