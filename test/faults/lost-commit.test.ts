import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { type CommitCutter, startCommitCutter } from '../support/commit-cutter.ts';
import { create, roleOf } from '../support/creations.ts';
import { isValid, toOpenSession } from '../support/credentials.ts';
import { countRows } from '../support/life-cycle.ts';
import { createTeam, type Team } from '../support/people.ts';

// The link to the database is cut after it has acknowledged a commit and before anybody hears of it. The
// server cannot know whether anything was done, and must not do it again by itself (that would be twice);
// the client asks again with its key.

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

/** Each creation with what it takes, and the rows it is to make. */
const creations = [
  ['createRole', () => roleOf(team, 'committed'), `roles where key = 'committed'`],
  ['createTenant', () => ({ name: 'Committed' }), `tenants where name = 'Committed'`],
  [
    'signUp',
    () => ({ email: 'committed@lost.example', password: 'slow violet tractors hum' }),
    `users where email = 'committed@lost.example'`,
  ],
] as const;

test.each(creations)('%s asked again after a lost commit was done once', async (...creation) => {
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
});

test('without a key a lost commit can be asked for, but not asked again', async () => {
  const input = roleOf(team, 'unkeyed');
  const isCut = cutter.cutNextCommit();
  const lost = await create(team.owner.ask, 'createRole', input);
  await isCut;
  expect(lost.code).toBe('UNAVAILABLE');
  expect(await countRows(app, `roles where key = 'unkeyed'`)).toBe(1);
  const refused = { code: 'CONFLICT', path: ['key'] };
  expect(await create(team.owner.ask, 'createRole', input)).toMatchObject(refused);
});
