import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEverything } from './row-security/houses.ts';
import { openStage, type ScopeArguments, type Stage } from './row-security/stage.ts';

// What the serving login sees by SQL of its own, without any of our code in between.

let stage: Stage;
let before: string;

beforeAll(async () => {
  stage = await openStage();
  return stage.close;
});

beforeEach(async () => {
  before = await readEverything(stage.owner);
});

afterEach(async () => {
  await stage.app.query('rollback');
  await stage.app.query('reset all');
  expect(await readEverything(stage.owner)).toBe(before);
});

/** Tables and views that the login may read at all. */
async function listReadable(): Promise<string[]> {
  const { rows } = await stage.owner.query<{ name: string }>(
    stage.fill(`select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
      and has_table_privilege('tenantry_app', c.oid, 'select') order by 1`),
  );
  return rows.map(({ name }) => name);
}

/** How many rows the login sees of each table, those without any left out. */
async function countVisible(): Promise<object> {
  const [counts] = await stage.list(countSql(await listReadable()));
  return counts as object;
}

const countSql = (names: readonly string[]) => `
  select coalesce(jsonb_object_agg(name, count) filter (where count > 0), '{}') as counts
  from (${names.map((name) => `select '${name}' as name, count(*)::int as count from ${name}`).join(' union all ')})`;

/** What the owner of `home` sees in its tenant: everything of it, and nothing else. */
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

describe('outside a scope nothing is visible', () => {
  test('in any table or view, before one was entered', async () => {
    expect(await listReadable()).toEqual(expect.arrayContaining(Object.keys(wholeHome)));
    expect(await countVisible()).toEqual({});
  });

  test.each([
    ['committed', 'commit'],
    ['rolled back', 'rollback'],
    ['broken by a fault', 'select 1/0'],
  ])('after its transaction was %s', async (_how, end) => {
    await stage.begin(stage.home.ownerId, stage.home.id);
    expect(await countVisible()).toEqual(wholeHome);
    await stage.app.query(end).catch(() => stage.app.query('rollback'));
    expect(await countVisible()).toEqual({});
    expect(
      await stage.list(`select concat(current_setting('tenantry.user_id', true),
        current_setting('tenantry.tenant_id', true), current_setting('tenantry.platform', true))`),
    ).toEqual(['']);
  });

  test('when a statement enters by itself and the next one is another transaction', async () => {
    await stage.list(stage.fill('select enter_scope($actor, $home, false)'));
    expect(await countVisible()).toEqual({});
  });

  test('in a view that is seen with the rights of who looks, no matter who made it', async () => {
    await stage.owner.query(
      stage.fill(`create view everybody with (security_invoker = true) as
      select u.email, t.name from users u, tenants t; grant select on everybody to tenantry_app`),
    );
    try {
      expect(await listReadable()).toContain('everybody');
      expect(await countVisible()).toEqual({});
      await stage.begin(stage.home.ownerId, stage.home.id);
      expect(await countVisible()).toEqual({ ...wholeHome, everybody: 2 });
      expect(await stage.list('select distinct name from everybody')).toEqual(['home tenant']);
    } finally {
      await stage.app.query('rollback');
      await stage.owner.query('drop view everybody');
    }
  });
});

describe('a scope opens only what belongs to the actor', () => {
  test('a member sees its tenant and no row of another', async () => {
    const { begin, list, home } = stage;
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
    '%s opens no session of somebody else, with the rights of who calls it',
    async (_name, sql, outcome) => {
      await stage.begin(stage.home.ownerId, stage.home.id);
      const asked = stage.list(stage.fill(sql));
      if (Array.isArray(outcome)) expect(await asked).toEqual(outcome);
      else await expect(asked).rejects.toMatchObject(outcome);
    },
  );

  // A tenant's rows are shut; what is left is the actor's own. The audit log outlives everybody.
  const nobody = { audit_events: 1 };
  const own = { ...nobody, password_credentials: 1, sessions: 2, users: 1 };

  test.each<[who: string, arrange: string, seen: object]>([
    ['who does not belong to the tenant', 'select', own],
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
    ['who is nobody', 'delete from users where id = $stranger', nobody],
  ])('somebody %s sees nothing of it', async (_who, arrange, seen) => {
    const { peek, foreign, home } = stage;
    const sql = countSql(Object.keys(wholeHome));
    const [row] = await peek(arrange, [foreign.ownerId, home.id, true], sql);
    expect(row).toEqual({ counts: seen });
  });

  test.each([
    ['never was one', 'select', 0],
    ['is one', 'update users set is_platform_admin = true where id = $stranger', 2],
    [
      'is one no more',
      `update users set is_platform_admin = true where id = $stranger;
       update users set is_platform_admin = false where id = $stranger`,
      0,
    ],
    [
      'is one, but suspended',
      `update users set is_platform_admin = true, status = 'suspended' where id = $stranger`,
      0,
    ],
  ])('the platform opens for a platform administrator: who %s', async (_who, arrange, tenants) => {
    const { peek, foreign } = stage;
    const rows = await peek(arrange, [foreign.ownerId, null, true], 'select id from tenants');
    expect(rows).toHaveLength(tenants);
  });

  test('the platform is shut to a platform administrator who does not ask for it', async () => {
    const { peek, foreign, home } = stage;
    const arrange = 'update users set is_platform_admin = true where id = $stranger';
    const scope: ScopeArguments = [foreign.ownerId, home.id, false];
    expect(await peek(arrange, scope, 'select id from tenants')).toEqual([]);
  });

  test('a suspended tenant is shut, to its owner as well', async () => {
    const { peek, home } = stage;
    const arrange = `update tenants set status = 'suspended' where id = $home`;
    const scope: ScopeArguments = [home.ownerId, home.id, false];
    expect(await peek(arrange, scope, 'select id from tenants')).toEqual([]);
  });

  test('whether a user is suspended is for the session check to say, not for the scope', async () => {
    const { peek, home } = stage;
    const arrange = `update users set status = 'suspended' where id = $actor`;
    const scope: ScopeArguments = [home.ownerId, home.id, false];
    expect(await peek(arrange, scope, 'select id from tenants')).toEqual([{ id: home.id }]);
    const check = `select 1 from find_live_sessions(
      array['\\x${home.tokenHash.toString('hex')}'::bytea], array[$home::uuid])`;
    expect(await peek('select', scope, check)).toHaveLength(1);
    expect(await peek(arrange, scope, check)).toEqual([]);
  });

  test('a setting written by hand is believed: row security is no wall against SQL of one’s own', async () => {
    const { app, begin, list, fill, foreign, home } = stage;
    await app.query('begin');
    await app.query(fill(`select set_config('tenantry.tenant_id', $foreign, true)`));
    expect(await list('select id from tenants')).toEqual([foreign.id]);
    await app.query('rollback');
    await begin(home.ownerId, foreign.id);
    expect(await list('select id from tenants')).toEqual([]);
  });

  test.each(['user_id', 'tenant_id'])('a setting that is no id shows nothing: %s', async (name) => {
    await stage.app.query('begin');
    await stage.app.query(`select set_config('tenantry.${name}', 'x', true)`);
    const sql = 'select t.id from tenants t, users u';
    await expect(stage.app.query(sql)).rejects.toMatchObject({ code: '22P02' });
  });
});
