import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSetup, type Setup } from './row-security/setup.ts';
import { readAllRows, type TestTenant } from './row-security/tenants.ts';

// The rows that a scope entered with an API key shows, by plain SQL as the serving login.

type Key = { id: string; hash: Buffer };

let setup: Setup;
let home: Key;
let foreign: Key;
let before: string;

beforeAll(async () => {
  setup = await createSetup();
  home = await createKey(setup.home);
  foreign = await createKey(setup.foreign);
  return setup.close;
});

beforeEach(async () => {
  before = await readAllRows(setup.owner);
});

afterEach(async () => {
  await setup.app.query('rollback');
  expect(await readAllRows(setup.owner)).toBe(before);
});

/** A key of the owner of a tenant. */
async function createKey({ id, ownerId }: TestTenant): Promise<Key> {
  const hash = randomBytes(32);
  const { rows } = await setup.owner.query<{ id: string }>(
    `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     values ($1, $2, 'deploy', $3, 'k…', '{tenant:read}', now() + interval '1 day') returning id`,
    [id, ownerId, hash],
  );
  return { id: rows[0]?.id ?? '', hash };
}

type Entry = { actor: string; tenant: string | null; platform?: boolean; key: Key };

/** The number of visible rows of each table in a scope entered with a key, after a statement of the owner. */
async function countAs(
  { actor, tenant, platform = false, key }: Entry,
  arrange = 'select',
): Promise<Record<string, number>> {
  const tables = [
    'tenants',
    'roles',
    'user_tenants',
    'users',
    'sessions',
    'api_keys',
    'audit_events',
  ];
  const counts = [...tables, 'password_credentials'].map(
    (table) => `(select count(*)::int from ${table}) as ${table}`,
  );
  await setup.owner.query('begin');
  try {
    await setup.owner.query(setup.fill(arrange));
    await setup.owner.query(setup.fill('set local role tenantry_app'));
    await setup.owner.query('select enter_scope($1, $2, $3, $4)', [
      actor,
      tenant,
      platform,
      key.id,
    ]);
    const { rows } = await setup.owner.query(`select ${counts.join(', ')}`);
    const shown = Object.entries<number>(rows[0]).filter(([, count]) => count > 0);
    return Object.fromEntries(shown);
  } finally {
    await setup.owner.query('rollback');
  }
}

const ownEntry = () => ({ actor: setup.home.ownerId, tenant: setup.home.id, key: home });

describe('a scope entered with an API key', () => {
  test('shows the tenant, but no password, unbound session or personal audit log of the creator', async () => {
    expect(await countAs(ownEntry())).toEqual({
      tenants: 1,
      roles: 5,
      user_tenants: 2,
      users: 2,
      sessions: 2,
      api_keys: 1,
      audit_events: 1,
    });
  });

  test('never includes the platform, even if a platform administrator created the key', async () => {
    const arrange = 'update users set is_platform_admin = true where id = $actor';
    const shown = await countAs({ ...ownEntry(), platform: true }, arrange);
    expect(shown.tenants).toBe(1);
    expect(await countAs({ ...ownEntry(), tenant: null, platform: true }, arrange)).toEqual({});
  });
});

describe('a scope shows no rows', () => {
  test.each<[what: string, entry: () => Entry]>([
    ['with the key of another tenant', () => ({ ...ownEntry(), key: foreign })],
    ['in another tenant', () => ({ ...ownEntry(), tenant: setup.foreign.id })],
    ['in no tenant', () => ({ ...ownEntry(), tenant: null })],
    [
      'with a key that another user created',
      () => ({ ...ownEntry(), actor: setup.home.colleagueId }),
    ],
    [
      'with a key that does not exist',
      () => ({ ...ownEntry(), key: { ...home, id: setup.home.id } }),
    ],
    [
      'with the key of another tenant in that tenant, as a user of the first',
      () => ({ ...ownEntry(), tenant: setup.foreign.id, key: foreign }),
    ],
  ])('%s', async (_what, entry) => {
    expect(await countAs(entry())).toEqual({});
  });

  test.each<[what: string, arrange: string]>([
    ['is revoked', 'update api_keys set revoked_at = now()'],
    ['has expired', 'update api_keys set expires_at = now()'],
    ['has no creator any more', 'update api_keys set created_by = null'],
    ['belongs to a suspended user', `update users set status = 'suspended' where id = $actor`],
    [
      'belongs to a paused member',
      'update user_tenants set is_active = false where user_id = $actor',
    ],
    ['belongs to a removed member', 'delete from user_tenants where user_id = $actor'],
    ['belongs to a suspended tenant', `update tenants set status = 'suspended' where id = $home`],
  ])('with a key that %s, and the key check does not find it either', async (_what, arrange) => {
    expect(await countAs(ownEntry(), arrange)).toEqual({});
    const check = 'select 1 from find_live_api_keys(array[$1::bytea])';
    expect((await setup.app.query(check, [home.hash])).rowCount).toBe(1);
    await setup.owner.query('begin');
    await setup.owner.query(setup.fill(arrange));
    const { rowCount } = await setup.owner.query(check, [home.hash]);
    await setup.owner.query('rollback');
    expect(rowCount).toBe(0);
  });
});

describe('row security of API keys', () => {
  const asOwner = (tenant: TestTenant) => setup.begin(tenant.ownerId, tenant.id);

  test('members see and revoke only the keys of their tenant', async () => {
    await asOwner(setup.home);
    expect(await setup.list('select id from api_keys')).toEqual([home.id]);
    const { rowCount } = await setup.app.query('update api_keys set revoked_at = now()');
    expect(rowCount).toBe(1);
  });

  test('no key can be inserted into another tenant', async () => {
    await asOwner(setup.home);
    const sql = `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
      values ($foreign, $actor, 'x', sha256('x'), 'x', '{}', now())`;
    await expect(setup.app.query(setup.fill(sql))).rejects.toMatchObject({ code: '42501' });
  });

  test.each([
    `update api_keys set permissions = '{tenant:own}'`,
    'update api_keys set created_by = null',
    `update api_keys set token_hash = sha256('x')`,
    'update api_keys set tenant_id = tenant_id',
    'update api_keys set last_used_at = now()',
    'delete from api_keys',
  ])('the serving login cannot change a key in any other way: %s', async (sql) => {
    await asOwner(setup.home);
    await expect(setup.app.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test('revoke_own_api_keys revokes the keys of the scope’s user, and none in the scope of a key', async () => {
    await asOwner(setup.home);
    expect(await setup.list('select id from revoke_own_api_keys()')).toEqual([home.id]);
    await setup.app.query('rollback');
    await setup.app.query('begin');
    const { ownerId, id } = setup.home;
    await setup.app.query('select enter_scope($1, $2, false, $3)', [ownerId, id, home.id]);
    expect(await setup.list('select id from revoke_own_api_keys()')).toEqual([]);
    await setup.app.query('rollback');
    expect(await setup.list('select id from revoke_own_api_keys()')).toEqual([]);
  });

  test('find_live_api_keys returns the permissions of a key to anyone who has it, and nothing about other keys', async () => {
    const find = async (hashes: Buffer[]) => {
      const { rows } = await setup.app.query(
        'select ordinal::int, id, effective_permissions from find_live_api_keys($1)',
        [hashes],
      );
      return rows;
    };
    expect(await find([Buffer.alloc(32), home.hash])).toEqual([
      { ordinal: 2, id: home.id, effective_permissions: ['tenant:read'] },
    ]);
    expect(await find([])).toEqual([]);
  });
});
