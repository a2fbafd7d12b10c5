import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSetup, type ScopeArguments, type Setup } from './row-security/setup.ts';
import { readAllRows } from './row-security/tenants.ts';

// The rows that the serving login sees by plain SQL.

let setup: Setup;
let before: string;

beforeAll(async () => {
  setup = await createSetup();
  return setup.close;
});

beforeEach(async () => {
  before = await readAllRows(setup.owner);
});

afterEach(async () => {
  await setup.app.query('rollback');
  await setup.app.query('reset all');
  expect(await readAllRows(setup.owner)).toBe(before);
});

/** The tables and views that the login may read. */
async function listReadable(): Promise<string[]> {
  const { rows } = await setup.owner.query<{ name: string }>(
    setup.fill(`select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
      and has_table_privilege('tenantry_app', c.oid, 'select') order by 1`),
  );
  return rows.map(({ name }) => name);
}

/** The number of visible rows of each table; tables without any are omitted. */
async function countVisible(): Promise<object> {
  const [counts] = await setup.list(countSql(await listReadable()));
  return counts as object;
}

const countSql = (names: readonly string[]) => `
  select coalesce(jsonb_object_agg(name, count) filter (where count > 0), '{}') as counts
  from (${names.map((name) => `select '${name}' as name, count(*)::int as count from ${name}`).join(' union all ')})`;

/** The rows that the owner of `home` sees in the tenant: all of its rows and no others. */
const wholeHome = {
  audit_events: 2,
  membership_roles: 2,
  password_credentials: 1,
  roles: 5,
  sessions: 3,
  tenant_members: 2,
  tenants: 1,
  user_tenants: 2,
  users: 2,
};

describe('outside a scope', () => {
  test('no row of any table or view is visible', async () => {
    expect(await listReadable()).toEqual(expect.arrayContaining(Object.keys(wholeHome)));
    expect(await countVisible()).toEqual({});
  });

  test.each([
    ['committed', 'commit'],
    ['rolled back', 'rollback'],
    ['aborted by an error', 'select 1/0'],
  ])('no row is visible after the transaction of a scope was %s', async (_how, end) => {
    await setup.begin(setup.home.ownerId, setup.home.id);
    expect(await countVisible()).toEqual(wholeHome);
    await setup.app.query(end).catch(() => setup.app.query('rollback'));
    expect(await countVisible()).toEqual({});
    expect(
      await setup.list(`select concat(current_setting('tenantry.user_id', true),
        current_setting('tenantry.tenant_id', true), current_setting('tenantry.platform', true))`),
    ).toEqual(['']);
  });

  test('no row is visible if the scope was entered in an earlier transaction', async () => {
    await setup.list(setup.fill('select enter_scope($actor, $home, false)'));
    expect(await countVisible()).toEqual({});
  });

  test('a security_invoker view shows no row, even if the database owner created it', async () => {
    await setup.owner.query(
      setup.fill(`create view everybody with (security_invoker = true) as
      select u.email, t.name from users u, tenants t; grant select on everybody to tenantry_app`),
    );
    try {
      expect(await listReadable()).toContain('everybody');
      expect(await countVisible()).toEqual({});
      await setup.begin(setup.home.ownerId, setup.home.id);
      expect(await countVisible()).toEqual({ ...wholeHome, everybody: 2 });
      expect(await setup.list('select distinct name from everybody')).toEqual(['home tenant']);
    } finally {
      await setup.app.query('rollback');
      await setup.owner.query('drop view everybody');
    }
  });
});

describe('in a scope', () => {
  test('a member sees the rows of their tenant and of no other', async () => {
    const { begin, list, home } = setup;
    await begin(home.ownerId, home.id);
    for (const table of ['roles', 'user_tenants', 'tenant_members', 'membership_roles']) {
      expect(await list(`select distinct tenant_id from ${table}`), table).toEqual([home.id]);
    }
    expect(await list('select id from tenants')).toEqual([home.id]);
    expect(await list('select email from users order by 1')).toEqual([
      'colleague@home.example',
      'owner@home.example',
    ]);
    expect(await list('select email from tenant_members order by 1')).toEqual(
      await list('select email from users order by 1'),
    );
    expect(await list('select user_id from password_credentials')).toEqual([home.ownerId]);
  });

  test.each([
    [
      'open_session',
      `select id from open_session($colleague, null, sha256('new'), null, null, null, 60, 60, 5, 'r', 0, null)`,
      { code: '42501' },
    ],
    [
      'sign_in',
      `select session_id from sign_in($colleague, null, sha256('new'), null, null, null, 60, 60, 5, 'r',
         (select password_hash from password_credentials limit 1), null, 'account:x')`,
      [],
    ],
  ])(
    '%s runs with the permissions of its caller and opens no session for another user',
    async (_name, sql, outcome) => {
      await setup.begin(setup.home.ownerId, setup.home.id);
      const result = setup.list(setup.fill(sql));
      if (Array.isArray(outcome)) expect(await result).toEqual(outcome);
      else await expect(result).rejects.toMatchObject(outcome);
    },
  );

  // Only the actor's own rows are visible. Audit entries outlive their user.
  const erased = { audit_events: 1 };
  const own = { ...erased, password_credentials: 1, sessions: 2, users: 1 };

  test.each<[who: string, arrange: string, seen: object]>([
    ['who is no member', 'select', own],
    [
      'whose membership is paused',
      `insert into user_tenants (tenant_id, user_id, is_active) values ($home, $stranger, false)`,
      own,
    ],
    [
      'whose membership has ended',
      `insert into user_tenants (tenant_id, user_id) values ($home, $stranger);
       delete from user_tenants where tenant_id = $home and user_id = $stranger`,
      own,
    ],
    ['who was erased', 'delete from users where id = $stranger', erased],
  ])('a user %s sees no row of the tenant', async (_who, arrange, seen) => {
    const { readAs, foreign, home } = setup;
    const sql = countSql(Object.keys(wholeHome));
    const [row] = await readAs(arrange, [foreign.ownerId, home.id, true], sql);
    expect(row).toEqual({ counts: seen });
  });

  test.each([
    ['never was one', 'select', 0],
    ['is one', 'update users set is_platform_admin = true where id = $stranger', 2],
    [
      'is no longer one',
      `update users set is_platform_admin = true where id = $stranger;
       update users set is_platform_admin = false where id = $stranger`,
      0,
    ],
    [
      'is one, but suspended',
      `update users set is_platform_admin = true, status = 'suspended' where id = $stranger`,
      0,
    ],
  ])(
    'the platform scope shows tenants only to an active platform administrator: a user who %s',
    async (_who, arrange, tenants) => {
      const { readAs, foreign } = setup;
      const rows = await readAs(arrange, [foreign.ownerId, null, true], 'select id from tenants');
      expect(rows).toHaveLength(tenants);
    },
  );

  test('a platform administrator sees no tenant without the platform scope', async () => {
    const { readAs, foreign, home } = setup;
    const arrange = 'update users set is_platform_admin = true where id = $stranger';
    const scope: ScopeArguments = [foreign.ownerId, home.id, false];
    expect(await readAs(arrange, scope, 'select id from tenants')).toEqual([]);
  });

  test('a suspended tenant is hidden, even from its owner', async () => {
    const { readAs, home } = setup;
    const arrange = `update tenants set status = 'suspended' where id = $home`;
    const scope: ScopeArguments = [home.ownerId, home.id, false];
    expect(await readAs(arrange, scope, 'select id from tenants')).toEqual([]);
  });

  test('the session check rejects a suspended user, the scope does not', async () => {
    const { readAs, home } = setup;
    const arrange = `update users set status = 'suspended' where id = $actor`;
    const scope: ScopeArguments = [home.ownerId, home.id, false];
    expect(await readAs(arrange, scope, 'select id from tenants')).toEqual([{ id: home.id }]);
    const check = `select 1 from find_live_sessions(
      array['\\x${home.tokenHash.toString('hex')}'::bytea], array[$home::uuid])`;
    expect(await readAs('select', scope, check)).toHaveLength(1);
    expect(await readAs(arrange, scope, check)).toEqual([]);
  });

  test('a setting written by hand is trusted: row security does not protect against custom SQL', async () => {
    const { app, begin, list, fill, foreign, home } = setup;
    await app.query('begin');
    await app.query(fill(`select set_config('tenantry.tenant_id', $foreign, true)`));
    expect(await list('select id from tenants')).toEqual([foreign.id]);
    await app.query('rollback');
    await begin(home.ownerId, foreign.id);
    expect(await list('select id from tenants')).toEqual([]);
  });

  test.each(['user_id', 'tenant_id'])('a setting that is no id is an error: %s', async (name) => {
    await setup.app.query('begin');
    await setup.app.query(`select set_config('tenantry.${name}', 'x', true)`);
    const sql = 'select t.id from tenants t, users u';
    await expect(setup.app.query(sql)).rejects.toMatchObject({ code: '22P02' });
  });
});
