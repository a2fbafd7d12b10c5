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
const createName = (word: string) => `${word}_${randomBytes(4).toString('hex')}`;

type OwnedDatabase = { name: string; owner: string; ownerUrl: string };

/** An owner who is not a superuser and their database, as the README creates them. */
async function createOwnedDatabase(
  name = createName('database'),
  attributes = 'createrole',
): Promise<OwnedDatabase> {
  const owner = createName('owner');
  await asAdmin(`create role ${owner} login ${attributes} password 'secret'`);
  await asAdmin(`create database ${pg.escapeIdentifier(name)} owner ${owner}`);
  onTestFinished(() => removeDatabase(name, owner));
  const url = new URL(nameDatabase(inject('clusterUrl'), name));
  [url.username, url.password] = [owner, 'secret'];
  return { name, owner, ownerUrl: url.href };
}

async function removeDatabase(name: string, owner: string): Promise<void> {
  await asAdmin(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  const { app, definer } = nameRoles(name);
  await asAdmin(`drop role if exists ${app}, ${definer}, ${owner}`);
}

const config = (ownerUrl: string, environment = {}) =>
  loadConfig({ NODE_ENV: 'test', DATABASE_URL: ownerUrl, ...environment });

/** Prepares the database as a start does. Returns the URL of the serving login. */
async function start(ownerUrl: string, environment = {}): Promise<string> {
  const opened = await openDatabase(config(ownerUrl, environment), builtInRoles, silentLog);
  await verifyAppRole(opened.appUrl);
  return opened.appUrl;
}

const asSuperuser = ({ name }: Pick<OwnedDatabase, 'name'>) =>
  nameDatabase(inject('clusterUrl'), name);
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

/** All that the server stores in shared catalogues about these roles. */
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

test('a second database set up by the README leaves the roles and rows of the first unchanged', async () => {
  const one = await createOwnedDatabase();
  const oneApp = await start(one.ownerUrl);
  await addUser(one.ownerUrl, 'ada@one.example');
  const { app, definer } = nameRoles(one.name);
  const before = await readRoles(one.owner, app, definer);
  const two = await createOwnedDatabase();
  const twoApp = await start(two.ownerUrl);
  expect(new URL(twoApp).username).toBe(nameRoles(two.name).app);
  expect(new URL(oneApp).password).not.toBe(new URL(twoApp).password);
  expect(await readRoles(one.owner, app, definer)).toEqual(before);
  expect(await start(one.ownerUrl)).toBe(oneApp);
  expect(await listUsers(one.ownerUrl)).toEqual([{ email: 'ada@one.example' }]);
  expect(await listUsers(two.ownerUrl)).toEqual([]);
}, 60_000);

test('the roles of one database can neither connect to another database nor assume its roles', async () => {
  const [one, two] = [await createOwnedDatabase(), await createOwnedDatabase()];
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
  // Even with permission to connect they can read and call nothing.
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

test('an owner who is not a superuser gets the same database as a superuser', async () => {
  const one = await createOwnedDatabase();
  await migrate({ ownerUrl: one.ownerUrl, migrationsDir, log: silentLog });
  const two = await createOwnedDatabase();
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

test('a database with a long or unusual name can be set up by ten concurrent starts', async () => {
  const databases = await Promise.all([
    createOwnedDatabase(`${createName('Größe "x"')} – ${'y'.repeat(20)}`),
    createOwnedDatabase(`${createName('long')}${'_'.repeat(50)}`),
  ]);
  for (const { ownerUrl } of databases) {
    const starts = await Promise.all(Array.from({ length: 10 }, () => start(ownerUrl)));
    expect(new Set(starts).size).toBe(1);
  }
}, 60_000);

test('a cloned database gets roles of its own, and the original keeps its roles', async () => {
  const one = await createOwnedDatabase();
  const oneApp = await start(one.ownerUrl);
  await addUser(one.ownerUrl, 'ada@one.example');
  const structure = await printStructure(one.ownerUrl);
  const before = await readRoles(nameRoles(one.name).app, nameRoles(one.name).definer);
  const clone = createName('clone');
  await asAdmin(`create database ${clone} template ${one.name} owner ${one.owner}`);
  onTestFinished(() => removeDatabase(clone, createName('nobody')));
  const cloneUrl = nameDatabase(one.ownerUrl, clone);
  const cloneApp = await start(cloneUrl);
  expect(new URL(cloneApp).username).toBe(nameRoles(clone).app);
  expect(await printStructure(cloneUrl)).toBe(structure);
  expect(await listUsers(cloneUrl)).toEqual([{ email: 'ada@one.example' }]);
  // The login of each cannot connect to the other.
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

test('a renamed database has renamed roles with the same members and settings', async () => {
  const one = await createOwnedDatabase();
  await start(one.ownerUrl);
  const own = createName('own');
  await asAdmin(`create role ${own} login password 'own' in role ${nameRoles(one.name).app}`);
  onTestFinished(async () => {
    await asAdmin(`drop role ${own}`);
  });
  const name = createName('renamed');
  await asAdmin(`alter database ${one.name} rename to ${name}`);
  onTestFinished(() => removeDatabase(name, createName('nobody')));
  const url = nameDatabase(one.ownerUrl, name);
  expect(new URL(await start(url)).username).toBe(nameRoles(name).app);
  expect(await readRoles(nameRoles(one.name).app, nameRoles(one.name).definer)).toEqual([]);
  const ownUrl = new URL(url);
  [ownUrl.username, ownUrl.password] = [own, 'own'];
  expect(await start(url, { DATABASE_APP_URL: ownUrl.href })).toBe(ownUrl.href);
}, 60_000);

test('a database with the former name of another is rejected until the roles of that one are renamed', async () => {
  const one = await createOwnedDatabase();
  await start(one.ownerUrl);
  const [before, next] = [createName('before'), createName('next')];
  await asAdmin(`create database ${next} template ${one.name} owner ${one.owner}`);
  onTestFinished(() => removeDatabase(before, createName('nobody')));
  onTestFinished(() => removeDatabase(next, createName('nobody')));
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

test('roles left over from a dropped database are rejected with the statement that drops them', async () => {
  const one = await createOwnedDatabase();
  await start(one.ownerUrl);
  const { app, definer } = nameRoles(one.name);
  const successor = createName('successor');
  await asAdmin(`create role ${successor} login createrole password 'secret'`);
  await asAdmin(`drop database ${one.name}`);
  await asAdmin(`create database ${one.name} owner ${successor}`);
  onTestFinished(() => removeDatabase(one.name, successor));
  const successorUrl = new URL(one.ownerUrl);
  successorUrl.username = successor;
  await expect(start(successorUrl.href)).rejects.toMatchObject({
    name: 'MigrationError',
    message: expect.stringMatching(new RegExp(`left over.*drop role ${app}`)),
  });
  await asAdmin(`drop role ${app}, ${definer}`);
  await start(successorUrl.href);
  // The former owner is not a member of roles that a superuser creates again.
  await asAdmin(`drop database ${one.name} with (force)`);
  await asAdmin(`create database ${one.name}`);
  await start(asSuperuser(one));
  await expect(
    runAt(nameDatabase(successorUrl.href, 'postgres'), `set role ${definer}`),
  ).rejects.toThrow('permission denied');
}, 60_000);

test('an owner without CREATEROLE gets an error with the one statement that a superuser must run', async () => {
  const one = await createOwnedDatabase(createName('database'), 'nocreaterole');
  const failure = await start(one.ownerUrl).catch((error: unknown) => error as Error);
  const { message } = failure as Error;
  expect(message).not.toContain('\n');
  const [, statement = ''] = /as a superuser run: (.*)$/.exec(message) ?? [];
  await asAdmin(statement);
  const appUrl = await start(one.ownerUrl);
  expect(new URL(appUrl).username).toBe(nameRoles(one.name).app);
  expect(await start(one.ownerUrl)).toBe(appUrl);
}, 60_000);

test('roles that a superuser has created for an owner are used unchanged', async () => {
  const one = await createOwnedDatabase(createName('database'), 'nocreaterole');
  const { app, definer } = nameRoles(one.name);
  await asAdmin(`create role ${app} login password 'app'; create role ${definer};
    grant ${definer} to ${one.owner} with inherit true, set true;
    grant ${app} to ${one.owner} with inherit false, set true`);
  const appUrl = new URL(one.ownerUrl);
  [appUrl.username, appUrl.password] = [app, 'app'];
  expect(await start(one.ownerUrl, { DATABASE_APP_URL: appUrl.href })).toBe(appUrl.href);
}, 60_000);

test('a database with the roles of an early version is rejected with advice', async () => {
  const one = await createOwnedDatabase();
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
  'a role %s that another owner has already created and granted is rejected',
  async (kind) => {
    const [stranger, victim] = [await createOwnedDatabase(), await createOwnedDatabase()];
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
  'a restore rejects roles of %s that another owner has already created',
  async (whose) => {
    const [stranger, name, source] = [
      await createOwnedDatabase(),
      createName('database'),
      createName('database'),
    ];
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

test('a restore uses the roles that the owner of the database has created', async () => {
  const database = await createOwnedDatabase();
  await start(database.ownerUrl);
  const aside = await replaceDatabase(asSuperuser(database), {
    roles: nameRoles(database.name),
    fill: () => Promise.resolve(),
  });
  expect(aside).toContain(database.name);
  await asAdmin(`drop database ${pg.escapeIdentifier(aside ?? '')} with (force)`);
});

test('a rejected database of another program is left unchanged and open to other roles', async () => {
  const one = await createOwnedDatabase();
  await runAt(one.ownerUrl, 'create table things (id int)');
  await expect(start(one.ownerUrl)).rejects.toMatchObject({ code: 'not_empty' });
  const other = await createOwnedDatabase();
  await runAt(nameDatabase(other.ownerUrl, one.name), 'select');
  expect(await readRoles(nameRoles(one.name).app)).toEqual([]);
}, 60_000);
