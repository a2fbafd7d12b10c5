import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { ScopedPool } from '../../src/db/pool.ts';
import { ensureServingSettings } from '../../src/db/serving/settings.ts';
import type { Log } from '../../src/lib/log.ts';
import { runAt } from '../support/bare-app.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { rolesOf } from '../support/serving.ts';

/** Keeps what is logged. */
function createLog() {
  const lines: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
  const keep: Log['info'] = (fields, message) => lines.push({ fields, message });
  return { lines, log: { info: keep, warn: keep } };
}

async function createDatabase() {
  const database = await createTestDatabase();
  onTestFinished(database.drop);
  const name = new URL(database.ownerUrl).pathname.slice(1);
  return { ...database, name };
}

/** A login of somebody's own, which the owner is no administrator of. */
async function createOwnLogin(appUrl: string) {
  const role = `own_${randomBytes(4).toString('hex')}`;
  await runAt(
    inject('clusterUrl'),
    `create role ${role} login password 'own' in role ${rolesOf(appUrl).app}`,
  );
  onTestFinished(async () => {
    await runAt(inject('clusterUrl'), `drop role ${role}`);
  });
  const url = new URL(appUrl);
  [url.username, url.password] = [role, 'own'];
  return { role, url: url.href };
}

const show = async (url: string, setting: string) =>
  (await runAt(url, 'select current_setting($1) as value', [setting])).rows[0].value;

test('the serving login has its settings whatever the server, the database and the login are set to', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  const { username } = new URL(appUrl);
  await runAt(ownerUrl, `alter database ${name} set timezone = 'Asia/Kathmandu'`);
  await runAt(ownerUrl, `alter role ${username} in database ${name} set search_path = 'nowhere'`);
  await runAt(ownerUrl, `alter role ${username} in database ${name} set bytea_output = 'escape'`);
  const { log, lines } = createLog();
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs: 3_000, log });
  expect(await show(appUrl, 'timezone')).toBe('UTC');
  expect(await show(appUrl, 'search_path')).toBe('public, pg_temp');
  expect(await show(appUrl, 'bytea_output')).toBe('hex');
  expect(lines).toEqual([]);
});

test('the time limits follow the last server that starts, and a change is logged', async () => {
  const { ownerUrl, appUrl } = await createDatabase();
  const { log, lines } = createLog();
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs: 6_000, log });
  expect(await show(appUrl, 'statement_timeout')).toBe('6s');
  expect(await show(appUrl, 'lock_timeout')).toBe('4s');
  expect(await show(appUrl, 'idle_in_transaction_session_timeout')).toBe('10s');
  expect(lines.map(({ fields }) => [fields.setting, fields.from, fields.to])).toEqual([
    ['statement_timeout', '3000', '6000'],
    ['lock_timeout', '2000', '4000'],
  ]);
});

test('twenty starts at once leave the settings right', async () => {
  const { ownerUrl, appUrl } = await createDatabase();
  const { log } = createLog();
  const start = () => ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs: 5_000, log });
  await Promise.all(Array.from({ length: 20 }, start));
  expect(await show(appUrl, 'statement_timeout')).toBe('5s');
});

test('a login that the owner may not alter sets its own defaults, in this database only', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  const own = await createOwnLogin(appUrl);
  const owner = new URL(ownerUrl);
  const boss = `boss_${randomBytes(4).toString('hex')}`;
  await runAt(ownerUrl, `create role ${boss} login createrole password 'boss'`);
  await runAt(ownerUrl, `grant connect on database ${name} to ${boss}`);
  [owner.username, owner.password] = [boss, 'boss'];
  onTestFinished(async () => {
    await runAt(ownerUrl, `drop owned by ${boss}; drop role ${boss}`);
  });
  await runAt(ownerUrl, `alter database ${name} set datestyle = 'SQL, DMY'`);
  const { log } = createLog();
  await ensureServingSettings({
    ownerUrl: owner.href,
    appUrl: own.url,
    statementTimeoutMs: 3_000,
    log,
  });
  expect(await show(own.url, 'datestyle')).toBe('ISO, MDY');
  const { rows } = await runAt(
    ownerUrl,
    `select count(*)::int as other from pg_db_role_setting
     where setrole = '${own.role}'::regrole and setdatabase = 0`,
  );
  expect(rows).toEqual([{ other: 0 }]);
});

test('a login of somebody’s own that is no member of the serving role is named with the statement to run', async () => {
  const { ownerUrl, appUrl } = await createDatabase();
  const own = await createOwnLogin(appUrl);
  await runAt(ownerUrl, `revoke ${rolesOf(ownerUrl).app} from ${own.role}`);
  const { log } = createLog();
  const options = { ownerUrl, appUrl: own.url, statementTimeoutMs: 3_000, log };
  await expect(ensureServingSettings(options)).rejects.toMatchObject({
    name: 'AppRoleError',
    message: expect.stringContaining(`run: grant ${rolesOf(ownerUrl).app} to ${own.role}`),
  });
  await runAt(ownerUrl, `grant ${rolesOf(ownerUrl).app} to ${own.role}`);
  await ensureServingSettings(options);
});

test('what cannot be set ends the start with the statement to run', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  // It has the last word on a new connection.
  await runAt(
    ownerUrl,
    `create function set_style() returns event_trigger language plpgsql
     as $$ begin perform set_config('intervalstyle', 'iso_8601', false); end $$;
     create event trigger set_style on login execute function set_style()`,
  );
  const { log } = createLog();
  const start = (one: string) =>
    ensureServingSettings({ ownerUrl, appUrl: one, statementTimeoutMs: 3_000, log });
  await expect(start(appUrl)).rejects.toMatchObject({
    name: 'AppRoleError',
    message: expect.stringMatching(
      new RegExp(
        `IntervalStyle = 'iso_8601'.*alter role ".*" in database "${name}" set intervalstyle = 'postgres'`,
        'i',
      ),
    ),
  });
  await expect(start(appUrl)).rejects.not.toThrow(/\n/);
});

test('a default that opens a scope for everybody, or switches triggers off, ends the start of an owner who may not undo it', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  const boss = `boss_${randomBytes(4).toString('hex')}`;
  await runAt(ownerUrl, `create role ${boss} login createrole password 'boss'`);
  await runAt(ownerUrl, `grant connect on database ${name} to ${boss}`);
  onTestFinished(async () => {
    await runAt(ownerUrl, `drop owned by ${boss}; drop role ${boss}`);
  });
  await runAt(ownerUrl, `alter database ${name} set tenantry.platform = 'on'`);
  await runAt(ownerUrl, `alter database ${name} set session_replication_role = 'replica'`);
  const owner = new URL(ownerUrl);
  [owner.username, owner.password] = [boss, 'boss'];
  const { log } = createLog();
  const start = (url: string) =>
    ensureServingSettings({ ownerUrl: url, appUrl, statementTimeoutMs: 3_000, log });
  await expect(start(owner.href)).rejects.toThrow(/session_replication_role.*tenantry\.platform/);
  await start(ownerUrl);
  expect(await show(appUrl, 'tenantry.platform')).toBe('');
  expect(await show(appUrl, 'session_replication_role')).toBe('origin');
});

test('a serving connection sends nothing that a pooler rejects at the start', async () => {
  const { appUrl } = await createDatabase();
  const limits = { acquireTimeoutMs: 5_000, statementTimeoutMs: 3_000, queryTimeoutMs: 4_000 };
  const pool = new ScopedPool({ url: appUrl, poolSize: 1, connectionMaxAgeSeconds: 60, ...limits });
  onTestFinished(() => pool.end());
  const { rows } = await pool.query({
    text: `select name from pg_settings where source = 'client' order by name`,
  });
  expect(rows).toEqual([{ name: 'application_name' }, { name: 'client_encoding' }]);
});
