import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Ask } from '../support/cast.ts';
import {
  create,
  createWithRetries,
  lockTenant,
  roleOf,
  waitForKeys,
} from '../support/creations.ts';
import { countRows } from '../support/life-cycle.ts';
import { createPerson, createTeam, type Person, type Team } from '../support/people.ts';
import { rolesOf } from '../support/serving.ts';

// Two servers on one database. `there` waits for nobody longer than 600 ms.

const impatient = `impatient_${randomUUID().slice(0, 8)}`;

let here: TestApp;
let there: TestApp;
beforeAll(async () => {
  here = await startTestApp();
  // The time limits of the serving login hold for all servers of a database, so this one has a login of its own.
  await here.owner.query(
    `create role ${impatient} login password 'secret' in role ${rolesOf(here.ownerUrl).app};
     alter role ${impatient} set statement_timeout = 900;
     alter role ${impatient} set lock_timeout = 600;
     alter role ${impatient} set timezone = 'UTC'`,
  );
  const appUrl = new URL(here.appUrl);
  appUrl.username = impatient;
  appUrl.password = 'secret';
  there = await startSecond({ ...here, appUrl: appUrl.href });
});
afterAll(async () => {
  await there.close();
  await here.owner.query(`drop role ${impatient}`);
  await here.close();
});

/** One more server on the database of the first, as after a restart or in another process. */
function startSecond({
  appUrl,
  databaseUrl,
}: Pick<TestApp, 'appUrl' | 'databaseUrl'>): Promise<TestApp> {
  const database = { ownerUrl: databaseUrl, appUrl, drop: async () => undefined };
  return startTestApp({}, { database });
}

const askAt =
  (app: TestApp, { token }: Person): Ask =>
  (query, options) =>
    app.ask(query, { token, ...options });

const countRoles = ({ tenantUuid }: Team, key: string) =>
  countRows(here, 'roles where tenant_id = $1 and key = $2', tenantUuid, key);

test('after a restart the same key gives the same answer', async () => {
  const { owner, ...team } = await createTeam(here);
  const input = roleOf({ owner, ...team }, 'kept', randomUUID());
  const before = await startSecond(here);
  const first = await create(askAt(before, owner), 'createRole', input);
  await before.close();
  const after = await startSecond(here);
  const second = await create(askAt(after, owner), 'createRole', input);
  await after.close();
  expect(first.code).toBeNull();
  expect(second).toEqual(first);
});

test('sixteen at once through two servers make one row and get one answer', async () => {
  const person = await createPerson(here);
  const input = { name: 'One of sixteen', idempotencyKey: randomUUID() };
  const patient = await startSecond(here);
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, index) =>
      createWithRetries(askAt(index % 2 ? here : patient, person), 'createTenant', input),
    ),
  );
  await patient.close();
  expect(answers.map(({ code }) => code)).toEqual(Array(16).fill(null));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(await countRows(here, 'tenants where name = $1', input.name)).toBe(1);
});

test('the second waits for the first, and answers the same', async () => {
  const team = await createTeam(here);
  const input = roleOf(team, 'waited-for', randomUUID());
  const letGo = await lockTenant(here, team);
  const first = create(team.owner.ask, 'createRole', input);
  await waitForKeys(here, 1, 0);
  const second = create(team.owner.ask, 'createRole', input);
  await waitForKeys(here, 1, 1);
  await letGo();
  expect((await first).code).toBeNull();
  expect(await second).toEqual(await first);
  expect(await countRoles(team, 'waited-for')).toBe(1);
});

test('the second does what the first was refused', async () => {
  const team = await createTeam(here);
  const input = roleOf(team, 'second-chance', randomUUID());
  const letGo = await lockTenant(here, team);
  // The first comes through a server that gives up on the tenant; the second waits for both.
  const first = create(askAt(there, team.owner), 'createRole', input);
  await waitForKeys(here, 1, 0);
  const second = create(team.owner.ask, 'createRole', input);
  expect((await first).code).toBe('UNAVAILABLE');
  await letGo();
  expect((await second).code).toBeNull();
  expect(await countRoles(team, 'second-chance')).toBe(1);
});

test('a first one that lasts too long is a conflict to the second, which loses nothing by it', async () => {
  const team = await createTeam(here);
  const input = roleOf(team, 'long', randomUUID());
  const letGo = await lockTenant(here, team);
  const first = create(team.owner.ask, 'createRole', input);
  await waitForKeys(here, 1, 0);
  const second = await create(askAt(there, team.owner), 'createRole', input);
  expect(second).toEqual({ code: 'CONFLICT', path: ['idempotencyKey'], value: null });
  await letGo();
  expect((await first).code).toBeNull();
  expect(await create(askAt(there, team.owner), 'createRole', input)).toEqual(await first);
});

test('anyone who waits for a key keeps nobody with another key waiting', async () => {
  const [held, free] = [await createTeam(here), await createTeam(here)];
  const letGo = await lockTenant(here, held);
  const first = create(held.owner.ask, 'createRole', roleOf(held, 'slow', 'a key of both'));
  await waitForKeys(here, 1, 0);
  const other = await create(free.owner.ask, 'createRole', roleOf(free, 'quick', 'a key of both'));
  expect(other.code).toBeNull();
  await letGo();
  expect((await first).code).toBeNull();
});

test('a first one whose connection is cut leaves nothing, and its key is good again', async () => {
  const team = await createTeam(here);
  const input = roleOf(team, 'cut-off', randomUUID());
  const letGo = await lockTenant(here, team);
  const first = create(team.owner.ask, 'createRole', input);
  await waitForKeys(here, 1, 0);
  await here.owner.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
       and database = (select oid from pg_database where datname = current_database())`,
  );
  expect((await first).code).toBe('UNAVAILABLE');
  await letGo();
  expect(await countRoles(team, 'cut-off')).toBe(0);
  const second = await create(team.owner.ask, 'createRole', input);
  expect(second.code).toBeNull();
  expect(await create(team.owner.ask, 'createRole', input)).toEqual(second);
  expect(await countRoles(team, 'cut-off')).toBe(1);
});
