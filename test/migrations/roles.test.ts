import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/app/open-database.ts';
import { loadConfig } from '../../src/config.ts';
import { builtInRoles } from '../../src/core/access/permissions.ts';
import { migrate, settleDatabase } from '../../src/db/migrate.ts';
import { withOperator } from '../../src/db/operator.ts';
import { nameDatabase, replaceDatabase } from '../../src/db/replace-database.ts';
import { findRoles, nameRoles } from '../../src/db/roles.ts';
import { verifyAppRole } from '../../src/db/serving/verify-app-role.ts';
import { printStructure } from '../../src/db/structure.ts';
import { silentLog } from '../../src/lib/log.ts';
import { runAt } from '../support/bare-app.ts';

// Decision 039: several databases on one server, each with an owner, a login and a definer of its own.

const migrationsDir = fileURLToPath(new URL('../../migrations', import.meta.url));
const asAdmin = (sql: string) => runAt(inject('clusterUrl'), sql);
const invent = (word: string) => `${word}_${randomBytes(4).toString('hex')}`;

type Place = { name: string; owner: string; ownerUrl: string };

/** What the README tells to run: an owner that is no superuser, and its database. */
async function createPlace(name = invent('place'), rights = 'createrole'): Promise<Place> {
  const owner = invent('owner');
  await asAdmin(`create role ${owner} login ${rights} password 'secret'`);
  await asAdmin(`create database ${pg.escapeIdentifier(name)} owner ${owner}`);
  onTestFinished(() => removePlace(name, owner));
  const url = new URL(nameDatabase(inject('clusterUrl'), name));
  [url.username, url.password] = [owner, 'secret'];
  return { name, owner, ownerUrl: url.href };
}

async function removePlace(name: string, owner: string): Promise<void> {
  await asAdmin(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  const { app, definer } = nameRoles(name);
  await asAdmin(`drop role if exists ${app}, ${definer}, ${owner}`);
}

const config = (ownerUrl: string, environment = {}) =>
  loadConfig({ NODE_ENV: 'test', DATABASE_URL: ownerUrl, ...environment });

/** What a start does with the database. Returns the serving login's url. */
async function start(ownerUrl: string, environment = {}): Promise<string> {
  const opened = await openDatabase(config(ownerUrl, environment), builtInRoles, silentLog);
  await verifyAppRole(opened.appUrl);
  return opened.appUrl;
}

const asSuperuser = ({ name }: Pick<Place, 'name'>) => nameDatabase(inject('clusterUrl'), name);
const rolesIn = async (url: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await findRoles(client);
  } finally {
    await client.end();
  }
};

const addUser = (ownerUrl: string, email: string) =>
  withOperator(ownerUrl, (operator) =>
    operator.query('insert into users (email) values ($1)', [email]),
  );
const listUsers = (ownerUrl: string) =>
  withOperator(ownerUrl, (operator) =>
    operator.query<{ email: string }>('select email from users'),
  );

/** Everything that the server stores for all databases about the roles of one. */
async function readRoles(...names: string[]): Promise<unknown> {
  const { rows } = await asAdmin(`
    select a.rolname, a.rolcanlogin, a.rolinherit, a.rolsuper, a.rolpassword,
      (select array_agg(m.member::regrole::text || m.inherit_option || m.set_option order by 1)
        from pg_auth_members m where m.roleid = a.oid) as members,
      (select array_agg(s.setdatabase || array_to_string(s.setconfig, ',') order by s.setdatabase)
        from pg_db_role_setting s where s.setrole = a.oid) as settings
    from pg_authid a where a.rolname in ('${names.join("', '")}') order by 1`);
  return rows;
}

test('the recipe of the README works for a second database, and touches nothing of the first', async () => {
  const one = await createPlace();
  const oneApp = await start(one.ownerUrl);
  await addUser(one.ownerUrl, 'ada@one.example');
  const { app, definer } = nameRoles(one.name);
  const before = await readRoles(one.owner, app, definer);
  const two = await createPlace();
  const twoApp = await start(two.ownerUrl);
  expect(new URL(twoApp).username).toBe(nameRoles(two.name).app);
  expect(new URL(oneApp).password).not.toBe(new URL(twoApp).password);
  expect(await readRoles(one.owner, app, definer)).toEqual(before);
  expect(await start(one.ownerUrl)).toBe(oneApp);
  expect(await listUsers(one.ownerUrl)).toEqual([{ email: 'ada@one.example' }]);
  expect(await listUsers(two.ownerUrl)).toEqual([]);
}, 60_000);

test('owner, login and definer of one database can neither connect to another nor act as its roles', async () => {
  const [one, two] = [await createPlace(), await createPlace()];
  const [oneApp, twoApp] = [await start(one.ownerUrl), await start(two.ownerUrl)];
  const { app, definer } = nameRoles(one.name);
  for (const url of [two.ownerUrl, twoApp]) {
    const there = nameDatabase(url, one.name);
    await expect(runAt(there, 'select')).rejects.toMatchObject({ code: '42501' });
    for (const role of [app, definer, one.owner]) {
      await expect(runAt(url, `set role ${role}`)).rejects.toMatchObject({ code: '42501' });
    }
  }
  await expect(runAt(two.ownerUrl, `alter role ${app} password 'mine'`)).rejects.toMatchObject({
    code: '42501',
  });
  await expect(runAt(two.ownerUrl, `grant ${definer} to ${two.owner}`)).rejects.toMatchObject({
    code: '42501',
  });
  // Even let in, they find nothing to read and nothing to call.
  const { definer: stranger } = nameRoles(two.name);
  await runAt(asSuperuser(one), `grant connect on database ${one.name} to public`);
  for (const sql of [
    'select count(*) from users',
    `select * from find_credentials('ada@one.example')`,
    `select sync_built_in_roles('[]')`,
  ]) {
    for (const url of [two.ownerUrl, twoApp]) {
      await expect(runAt(nameDatabase(url, one.name), sql)).rejects.toMatchObject({
        code: '42501',
      });
    }
    await expect(
      runAt(nameDatabase(two.ownerUrl, one.name), `set role ${stranger}; ${sql}`),
    ).rejects.toMatchObject({ code: '42501' });
  }
  expect((await runAt(oneApp, 'select 1 as one')).rows).toEqual([{ one: 1 }]);
}, 60_000);

test('an owner that is no superuser gets the same database as a superuser', async () => {
  const one = await createPlace();
  await migrate({ ownerUrl: one.ownerUrl, migrationsDir, log: silentLog });
  const two = await createPlace();
  await migrate({ ownerUrl: asSuperuser(two), migrationsDir, log: silentLog });
  // Only a superuser can create that extension.
  const withoutExtension = (text: string) =>
    text
      .replace('create extension pg_stat_statements;\n', '')
      .replace('grant select on pg_stat_statements to tenantry_definer;\n', '');
  expect(withoutExtension(await printStructure(one.ownerUrl))).toBe(
    withoutExtension(await printStructure(asSuperuser(two))),
  );
}, 60_000);

test('a name of any length and spelling works, and twenty first starts at once as well', async () => {
  const places = await Promise.all([
    createPlace(`${invent('Größe "x"')} – ${'y'.repeat(20)}`),
    createPlace(`${invent('long')}${'_'.repeat(50)}`),
  ]);
  for (const { ownerUrl } of places) {
    const starts = await Promise.all(Array.from({ length: 10 }, () => start(ownerUrl)));
    expect(new Set(starts).size).toBe(1);
  }
}, 60_000);

test('a clone gets roles of its own with all rights, and the first keeps its', async () => {
  const one = await createPlace();
  const oneApp = await start(one.ownerUrl);
  await addUser(one.ownerUrl, 'ada@one.example');
  const structure = await printStructure(one.ownerUrl);
  const before = await readRoles(nameRoles(one.name).app, nameRoles(one.name).definer);
  const clone = invent('clone');
  await asAdmin(`create database ${clone} template ${one.name} owner ${one.owner}`);
  onTestFinished(() => removePlace(clone, invent('nobody')));
  const cloneUrl = nameDatabase(one.ownerUrl, clone);
  const cloneApp = await start(cloneUrl);
  expect(new URL(cloneApp).username).toBe(nameRoles(clone).app);
  expect(await printStructure(cloneUrl)).toBe(structure);
  expect(await listUsers(cloneUrl)).toEqual([{ email: 'ada@one.example' }]);
  // The login of each knows nothing of the other.
  await expect(runAt(nameDatabase(oneApp, clone), 'select')).rejects.toMatchObject({
    code: '42501',
  });
  await expect(runAt(nameDatabase(cloneApp, one.name), 'select')).rejects.toMatchObject({
    code: '42501',
  });
  expect(await start(one.ownerUrl)).toBe(oneApp);
  expect(await printStructure(one.ownerUrl)).toBe(structure);
  expect(await readRoles(nameRoles(one.name).app, nameRoles(one.name).definer)).toEqual(before);
  expect(await rolesIn(cloneUrl)).toEqual(nameRoles(clone));
}, 60_000);

test('after a rename the roles follow, with their members and settings', async () => {
  const one = await createPlace();
  await start(one.ownerUrl);
  const own = invent('own');
  await asAdmin(`create role ${own} login password 'own' in role ${nameRoles(one.name).app}`);
  onTestFinished(async () => {
    await asAdmin(`drop role ${own}`);
  });
  const name = invent('renamed');
  await asAdmin(`alter database ${one.name} rename to ${name}`);
  onTestFinished(() => removePlace(name, invent('nobody')));
  const url = nameDatabase(one.ownerUrl, name);
  expect(new URL(await start(url)).username).toBe(nameRoles(name).app);
  expect(await readRoles(nameRoles(one.name).app, nameRoles(one.name).definer)).toEqual([]);
  const ownUrl = new URL(url);
  [ownUrl.username, ownUrl.password] = [own, 'own'];
  expect(await start(url, { DATABASE_APP_URL: ownUrl.href })).toBe(ownUrl.href);
}, 60_000);

test('a database that takes the name of another waits until that one has roles of another name', async () => {
  const one = await createPlace();
  await start(one.ownerUrl);
  const [before, next] = [invent('before'), invent('next')];
  await asAdmin(`create database ${next} template ${one.name} owner ${one.owner}`);
  onTestFinished(() => removePlace(before, invent('nobody')));
  onTestFinished(() => removePlace(next, invent('nobody')));
  await start(nameDatabase(one.ownerUrl, next));
  await asAdmin(`alter database ${one.name} rename to ${before}`);
  await asAdmin(`alter database ${next} rename to ${one.name}`);
  await expect(start(one.ownerUrl)).rejects.toMatchObject({
    name: 'MigrationError',
    message: expect.stringMatching(
      new RegExp(`belong to the database "${before}".*tenantry migrate`),
    ),
  });
  await settleDatabase({ ownerUrl: nameDatabase(one.ownerUrl, before), log: silentLog });
  expect(new URL(await start(one.ownerUrl)).username).toBe(nameRoles(one.name).app);
}, 60_000);

test('roles left over from a dropped database are made anew, or named with the statement that removes them', async () => {
  const one = await createPlace();
  await start(one.ownerUrl);
  const { app, definer } = nameRoles(one.name);
  const heir = invent('heir');
  await asAdmin(`create role ${heir} login createrole password 'secret'`);
  await asAdmin(`drop database ${one.name}`);
  await asAdmin(`create database ${one.name} owner ${heir}`);
  onTestFinished(() => removePlace(one.name, heir));
  const heirUrl = new URL(one.ownerUrl);
  heirUrl.username = heir;
  await expect(start(heirUrl.href)).rejects.toMatchObject({
    name: 'MigrationError',
    message: expect.stringMatching(new RegExp(`left over.*drop role ${app}`)),
  });
  await asAdmin(`drop role ${app}, ${definer}`);
  await start(heirUrl.href);
  // The former owner is no member of what a superuser makes anew.
  await asAdmin(`drop database ${one.name} with (force)`);
  await asAdmin(`create database ${one.name}`);
  await start(asSuperuser(one));
  await expect(
    runAt(nameDatabase(heirUrl.href, 'postgres'), `set role ${definer}`),
  ).rejects.toThrow('permission denied');
}, 60_000);

test('an owner that may create no roles is told what a superuser has to run, and that is enough', async () => {
  const one = await createPlace(invent('place'), 'nocreaterole');
  const failure = await start(one.ownerUrl).catch((error: unknown) => error as Error);
  const { message } = failure as Error;
  expect(message).not.toContain('\n');
  const [, statement = ''] = /as a superuser run: (.*)$/.exec(message) ?? [];
  await asAdmin(statement);
  const appUrl = await start(one.ownerUrl);
  expect(new URL(appUrl).username).toBe(nameRoles(one.name).app);
  expect(await start(one.ownerUrl)).toBe(appUrl);
}, 60_000);

test('roles that a superuser made for an owner are used as they are', async () => {
  const one = await createPlace(invent('place'), 'nocreaterole');
  const { app, definer } = nameRoles(one.name);
  await asAdmin(`create role ${app} login password 'app'; create role ${definer};
    grant ${definer} to ${one.owner} with inherit true, set true;
    grant ${app} to ${one.owner} with inherit false, set true`);
  const appUrl = new URL(one.ownerUrl);
  [appUrl.username, appUrl.password] = [app, 'app'];
  expect(await start(one.ownerUrl, { DATABASE_APP_URL: appUrl.href })).toBe(appUrl.href);
}, 60_000);

test('a database with the roles of old is named as such', async () => {
  const one = await createPlace();
  await start(one.ownerUrl);
  const { app, definer } = nameRoles(one.name);
  await asAdmin(`alter role ${definer} rename to tenantry_definer`);
  try {
    await expect(start(one.ownerUrl)).rejects.toThrow(
      /before the first release, .*: create a new database/,
    );
  } finally {
    await asAdmin(`alter role tenantry_definer rename to ${definer}`);
  }
  expect(new URL(await start(one.ownerUrl)).username).toBe(app);
}, 60_000);

test.each(['app', 'definer'] as const)(
  'a role %s that another owner made beforehand and granted to this one is rejected',
  async (kind) => {
    const [stranger, victim] = [await createPlace(), await createPlace()];
    const roles = nameRoles(victim.name);
    await runAt(
      stranger.ownerUrl,
      `create role ${roles[kind]}; grant ${roles[kind]} to ${victim.owner} with inherit true, set true`,
    );
    const attempt = start(victim.ownerUrl);
    await expect(attempt).rejects.toThrow(
      `the role ${roles[kind]} exists already, and ${stranger.owner} may grant it to anybody: ` +
        `as a superuser run: drop role ${roles[kind]}`,
    );
    expect(await rolesIn(asSuperuser(victim))).toBeNull();
    await asAdmin(`drop role ${roles[kind]}`);
    await start(victim.ownerUrl);
    for (const role of [roles.app, roles.definer]) {
      await expect(
        runAt(stranger.ownerUrl, `grant ${role} to ${stranger.owner}`),
      ).rejects.toMatchObject({ code: '42501' });
    }
  },
  60_000,
);

test.each(['the backup', 'the database'])(
  'a restore rejects roles of %s that another owner made beforehand',
  async (whose) => {
    const [stranger, name, source] = [await createPlace(), invent('place'), invent('place')];
    const role = nameRoles(whose === 'the backup' ? source : name).definer;
    await runAt(stranger.ownerUrl, `create role ${role}`);
    onTestFinished(async () => void (await asAdmin(`drop role if exists ${role}`)));
    const attempt = replaceDatabase(asSuperuser({ name }), {
      roles: nameRoles(source),
      fill: () => Promise.resolve(),
    });
    await expect(attempt).rejects.toThrow(
      `the role ${role} exists already, and ${stranger.owner} may grant it to anybody`,
    );
  },
);

test('a restore takes the roles that the owner of the database has made', async () => {
  const place = await createPlace();
  await start(place.ownerUrl);
  const aside = await replaceDatabase(asSuperuser(place), {
    roles: nameRoles(place.name),
    fill: () => Promise.resolve(),
  });
  expect(aside).toContain(place.name);
  await asAdmin(`drop database ${pg.escapeIdentifier(aside ?? '')} with (force)`);
});

test('the database of another program keeps its roles and its visitors', async () => {
  const one = await createPlace();
  await runAt(one.ownerUrl, 'create table things (id int)');
  await expect(start(one.ownerUrl)).rejects.toMatchObject({ code: 'not_empty' });
  const visitor = await createPlace();
  await runAt(nameDatabase(visitor.ownerUrl, one.name), 'select');
  expect(await readRoles(nameRoles(one.name).app)).toEqual([]);
}, 60_000);
