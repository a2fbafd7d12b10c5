import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { type CommitCutter, startCommitCutter } from '../support/commit-cutter.ts';
import { create, roleOf } from '../support/creations.ts';
import { isValid, toOpenSession } from '../support/credentials.ts';
import { countRows } from '../support/life-cycle.ts';
import { createTeam, type Team } from '../support/people.ts';

// The connection is cut after the database has committed and before the server gets the acknowledgement. The server
// cannot know whether the change was made, so it must not retry; the client retries with its idempotency key.

let app: TestApp;
let cutter: CommitCutter;
let team: Team;
beforeAll(async () => {
  const database = await createTestDatabase();
  cutter = await startCommitCutter(database.appUrl);
  app = await startTestApp({}, { database: { ...database, appUrl: cutter.url } });
  team = await createTeam(app);
});
afterAll(async () => {
  await app.close();
  await cutter.close();
});

/** Each creating mutation with its input and the rows that it creates. */
const creations = [
  ['createRole', () => roleOf(team, 'committed'), `roles where key = 'committed'`],
  ['createTenant', () => ({ name: 'Committed' }), `tenants where name = 'Committed'`],
  [
    'signUp',
    () => ({ email: 'committed@lost.example', password: 'slow violet tractors hum' }),
    `users where email = 'committed@lost.example'`,
  ],
] as const;

test.each(creations)(
  '%s is executed once if it is retried with its key after a lost commit',
  async (...creation) => {
    const [name, getInput, rows] = creation;
    const input = { ...getInput(), idempotencyKey: randomUUID() };
    const isCut = cutter.cutNextCommit();
    const lost = await create(team.owner.ask, name, input);
    await isCut;
    expect(lost.code).toBe('UNAVAILABLE');
    expect(await countRows(app, rows)).toBe(1);
    const found = await create(team.owner.ask, name, input);
    expect(found.code).toBeNull();
    expect(await create(team.owner.ask, name, input)).toEqual(found);
    expect(await countRows(app, rows)).toBe(1);
    if (name === 'signUp') expect(await isValid(toOpenSession(app, found.value.token))).toBe(true);
  },
);

test('a creation without a key is stored after a lost commit, and its retry is rejected as a CONFLICT', async () => {
  const input = roleOf(team, 'unkeyed');
  const isCut = cutter.cutNextCommit();
  const lost = await create(team.owner.ask, 'createRole', input);
  await isCut;
  expect(lost.code).toBe('UNAVAILABLE');
  expect(await countRows(app, `roles where key = 'unkeyed'`)).toBe(1);
  const conflict = { code: 'CONFLICT', path: ['key'] };
  expect(await create(team.owner.ask, 'createRole', input)).toMatchObject(conflict);
});
