import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { ScopedPool } from '../../src/db/pool.ts';
import { ensureServingSettings } from '../../src/db/serving/settings.ts';
import type { Log } from '../../src/lib/log.ts';
import { runAt } from '../support/bare-app.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { rolesOf } from '../support/serving.ts';

/** A log that keeps its lines. */
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

/** A custom serving login, which the owner cannot administer. */
async function createCustomLogin(appUrl: string) {
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

test('the settings of the serving login override those of the server, the database and the login', async () => {
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

test('the last server that starts decides the time limits, and a change is logged', async () => {
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

test('twenty concurrent starts leave the correct settings', async () => {
  const { ownerUrl, appUrl } = await createDatabase();
  const { log } = createLog();
  const start = () => ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs: 5_000, log });
  await Promise.all(Array.from({ length: 20 }, start));
  expect(await show(appUrl, 'statement_timeout')).toBe('5s');
});

test('a login that the owner cannot alter sets its own defaults, in this database only', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  const custom = await createCustomLogin(appUrl);
  const owner = new URL(ownerUrl);
  const limitedOwner = `limited_owner_${randomBytes(4).toString('hex')}`;
  await runAt(ownerUrl, `create role ${limitedOwner} login createrole password 'limited'`);
  await runAt(ownerUrl, `grant connect on database ${name} to ${limitedOwner}`);
  [owner.username, owner.password] = [limitedOwner, 'limited'];
  onTestFinished(async () => {
    await runAt(ownerUrl, `drop owned by ${limitedOwner}; drop role ${limitedOwner}`);
  });
  await runAt(ownerUrl, `alter database ${name} set datestyle = 'SQL, DMY'`);
  const { log } = createLog();
  await ensureServingSettings({
    ownerUrl: owner.href,
    appUrl: custom.url,
    statementTimeoutMs: 3_000,
    log,
  });
  expect(await show(custom.url, 'datestyle')).toBe('ISO, MDY');
  const { rows } = await runAt(
    ownerUrl,
    `select count(*)::int as other from pg_db_role_setting
     where setrole = '${custom.role}'::regrole and setdatabase = 0`,
  );
  expect(rows).toEqual([{ other: 0 }]);
});

test('a custom login outside the serving role is rejected with the statement to run', async () => {
  const { ownerUrl, appUrl } = await createDatabase();
  const custom = await createCustomLogin(appUrl);
  await runAt(ownerUrl, `revoke ${rolesOf(ownerUrl).app} from ${custom.role}`);
  const { log } = createLog();
  const options = { ownerUrl, appUrl: custom.url, statementTimeoutMs: 3_000, log };
  await expect(ensureServingSettings(options)).rejects.toMatchObject({
    name: 'AppRoleError',
    message: expect.stringContaining(`run: grant ${rolesOf(ownerUrl).app} to ${custom.role}`),
  });
  await runAt(ownerUrl, `grant ${rolesOf(ownerUrl).app} to ${custom.role}`);
  await ensureServingSettings(options);
});

test('a setting that cannot be changed ends the start with the statement to run', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  // A login trigger overrides every default.
  await runAt(
    ownerUrl,
    `create function set_style() returns event_trigger language plpgsql
     as $$ begin perform set_config('intervalstyle', 'iso_8601', false); end $$;
     create event trigger set_style on login execute function set_style()`,
  );
  const { log } = createLog();
  const start = (url: string) =>
    ensureServingSettings({ ownerUrl, appUrl: url, statementTimeoutMs: 3_000, log });
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

test('a default that opens a scope or disables triggers ends the start if the owner cannot reset it', async () => {
  const { ownerUrl, appUrl, name } = await createDatabase();
  const limitedOwner = `limited_owner_${randomBytes(4).toString('hex')}`;
  await runAt(ownerUrl, `create role ${limitedOwner} login createrole password 'limited'`);
  await runAt(ownerUrl, `grant connect on database ${name} to ${limitedOwner}`);
  onTestFinished(async () => {
    await runAt(ownerUrl, `drop owned by ${limitedOwner}; drop role ${limitedOwner}`);
  });
  await runAt(ownerUrl, `alter database ${name} set tenantry.platform = 'on'`);
  await runAt(ownerUrl, `alter database ${name} set session_replication_role = 'replica'`);
  const owner = new URL(ownerUrl);
  [owner.username, owner.password] = [limitedOwner, 'limited'];
  const { log } = createLog();
  const start = (url: string) =>
    ensureServingSettings({ ownerUrl: url, appUrl, statementTimeoutMs: 3_000, log });
  await expect(start(owner.href)).rejects.toThrow(/session_replication_role.*tenantry\.platform/);
  await start(ownerUrl);
  expect(await show(appUrl, 'tenantry.platform')).toBe('');
  expect(await show(appUrl, 'session_replication_role')).toBe('origin');
});

test('a serving connection sends no startup parameter that a pooler rejects', async () => {
  const { appUrl } = await createDatabase();
  const limits = { acquireTimeoutMs: 5_000, statementTimeoutMs: 3_000, queryTimeoutMs: 4_000 };
  const pool = new ScopedPool({ url: appUrl, poolSize: 1, connectionMaxAgeSeconds: 60, ...limits });
  onTestFinished(() => pool.end());
  const { rows } = await pool.query({
    text: `select name from pg_settings where source = 'client' order by name`,
  });
  expect(rows).toEqual([{ name: 'application_name' }, { name: 'client_encoding' }]);
});
