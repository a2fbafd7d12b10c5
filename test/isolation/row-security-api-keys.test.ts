import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type House, readEverything } from './row-security/houses.ts';
import { openStage, type Stage } from './row-security/stage.ts';

// What a scope opens that is entered by an API key, by plain SQL as the server's login.

type Key = { id: string; hash: Buffer };

let stage: Stage;
let home: Key;
let foreign: Key;
let before: string;

beforeAll(async () => {
  stage = await openStage();
  home = await createKey(stage.home);
  foreign = await createKey(stage.foreign);
  return stage.close;
});

beforeEach(async () => {
  before = await readEverything(stage.owner);
});

afterEach(async () => {
  await stage.app.query('rollback');
  expect(await readEverything(stage.owner)).toBe(before);
});

/** A key of the owner of a tenant. */
async function createKey({ id, ownerId }: House): Promise<Key> {
  const hash = randomBytes(32);
  const { rows } = await stage.owner.query<{ id: string }>(
    `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     values ($1, $2, 'deploy', $3, 'k…', '{tenant:read}', now() + interval '1 day') returning id`,
    [id, ownerId, hash],
  );
  return { id: rows[0]?.id ?? '', hash };
}

type Entry = { actor: string; tenant: string | null; platform?: boolean; key: Key };

/** How many rows of each table a scope shows that a key enters, after the owner arranged something. */
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
  await stage.owner.query('begin');
  try {
    await stage.owner.query(stage.fill(arrange));
    await stage.owner.query(stage.fill('set local role tenantry_app'));
    await stage.owner.query('select enter_scope($1, $2, $3, $4)', [
      actor,
      tenant,
      platform,
      key.id,
    ]);
    const { rows } = await stage.owner.query(`select ${counts.join(', ')}`);
    const shown = Object.entries<number>(rows[0]).filter(([, count]) => count > 0);
    return Object.fromEntries(shown);
  } finally {
    await stage.owner.query('rollback');
  }
}

const ownEntry = () => ({ actor: stage.home.ownerId, tenant: stage.home.id, key: home });

describe('a key opens its tenant', () => {
  test('and nothing that is its creator’s own: no password, no unbound session, no personal audit log', async () => {
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

  test('but not the platform, though a platform administrator made it', async () => {
    const arrange = 'update users set is_platform_admin = true where id = $actor';
    const shown = await countAs({ ...ownEntry(), platform: true }, arrange);
    expect(shown.tenants).toBe(1);
    expect(await countAs({ ...ownEntry(), tenant: null, platform: true }, arrange)).toEqual({});
  });
});

describe('nothing is opened', () => {
  test.each<[what: string, entry: () => Entry]>([
    ['by the key of another tenant', () => ({ ...ownEntry(), key: foreign })],
    ['in another tenant', () => ({ ...ownEntry(), tenant: stage.foreign.id })],
    ['in no tenant', () => ({ ...ownEntry(), tenant: null })],
    ['by a key that somebody else made', () => ({ ...ownEntry(), actor: stage.home.colleagueId })],
    [
      'by a key that does not exist',
      () => ({ ...ownEntry(), key: { ...home, id: stage.home.id } }),
    ],
    [
      'by the key of another tenant in that tenant, as oneself',
      () => ({ ...ownEntry(), tenant: stage.foreign.id, key: foreign }),
    ],
  ])('%s', async (_what, entry) => {
    expect(await countAs(entry())).toEqual({});
  });

  test.each<[what: string, arrange: string]>([
    ['is revoked', 'update api_keys set revoked_at = now()'],
    ['has expired', 'update api_keys set expires_at = now()'],
    ['has lost its creator', 'update api_keys set created_by = null'],
    ['is of somebody suspended', `update users set status = 'suspended' where id = $actor`],
    ['is of somebody paused', 'update user_tenants set is_active = false where user_id = $actor'],
    ['is of somebody removed', 'delete from user_tenants where user_id = $actor'],
    ['is of a suspended tenant', `update tenants set status = 'suspended' where id = $home`],
  ])('by a key that %s, and the check does not find it', async (_what, arrange) => {
    expect(await countAs(ownEntry(), arrange)).toEqual({});
    const check = 'select 1 from find_live_api_keys(array[$1::bytea])';
    expect((await stage.app.query(check, [home.hash])).rowCount).toBe(1);
    await stage.owner.query('begin');
    await stage.owner.query(stage.fill(arrange));
    const { rowCount } = await stage.owner.query(check, [home.hash]);
    await stage.owner.query('rollback');
    expect(rowCount).toBe(0);
  });
});

describe('the keys of a tenant', () => {
  const asOwner = (house: House) => stage.begin(house.ownerId, house.id);

  test('are seen and ended in it alone', async () => {
    await asOwner(stage.home);
    expect(await stage.list('select id from api_keys')).toEqual([home.id]);
    const { rowCount } = await stage.app.query('update api_keys set revoked_at = now()');
    expect(rowCount).toBe(1);
  });

  test('are made in no other', async () => {
    await asOwner(stage.home);
    const sql = `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
      values ($foreign, $actor, 'x', sha256('x'), 'x', '{}', now())`;
    await expect(stage.app.query(stage.fill(sql))).rejects.toMatchObject({ code: '42501' });
  });

  test.each([
    `update api_keys set permissions = '{tenant:own}'`,
    'update api_keys set created_by = null',
    `update api_keys set token_hash = sha256('x')`,
    'update api_keys set tenant_id = tenant_id',
    'update api_keys set last_used_at = now()',
    'delete from api_keys',
  ])('are not changed otherwise by the server’s login: %s', async (sql) => {
    await asOwner(stage.home);
    await expect(stage.app.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test('revoke_own_api_keys: ends those of the person of the scope, and none for a key', async () => {
    await asOwner(stage.home);
    expect(await stage.list('select id from revoke_own_api_keys()')).toEqual([home.id]);
    await stage.app.query('rollback');
    await stage.app.query('begin');
    const { ownerId, id } = stage.home;
    await stage.app.query('select enter_scope($1, $2, false, $3)', [ownerId, id, home.id]);
    expect(await stage.list('select id from revoke_own_api_keys()')).toEqual([]);
    await stage.app.query('rollback');
    expect(await stage.list('select id from revoke_own_api_keys()')).toEqual([]);
  });

  test('find_live_api_keys: what a key may do, to anyone who shows it, and nothing about others', async () => {
    const ask = async (hashes: Buffer[]) => {
      const { rows } = await stage.app.query(
        'select ordinal::int, id, effective_permissions from find_live_api_keys($1)',
        [hashes],
      );
      return rows;
    };
    expect(await ask([Buffer.alloc(32), home.hash])).toEqual([
      { ordinal: 2, id: home.id, effective_permissions: ['tenant:read'] },
    ]);
    expect(await ask([])).toEqual([]);
  });
});
