import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSetup, type ScopeArguments, type Setup } from './row-security/setup.ts';
import { readAllRows } from './row-security/tenants.ts';

// The definer functions, and the data they return to which actor. docs/database.md lists them.

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

describe('the definer functions return only data that their actor may read', () => {
  // $who is the actor; all other ids are of `home`.
  const calls: [about: string, sql: string][] = [
    ['find_access by id', 'select 1 from find_access($who, array[$home::uuid], array[]::text[])'],
    ['find_access by slug', `select 1 from find_access($who, array[]::uuid[], array['home'])`],
    ['find_visible_users', 'select 1 from find_visible_users($who, array[$colleague::uuid], null)'],
    [
      'list_visible_memberships',
      `select 1 from list_visible_memberships(
         array[$who::uuid], array[$colleague::uuid], array[null::uuid], array[null::uuid], array[10])`,
    ],
    [
      'list_grants',
      `select 1 from list_grants(array[$who::uuid], array[$home::uuid], array['members:read'])
       where is_granted`,
    ],
    [
      'list_roles_of_users',
      'select 1 from list_roles_of_users($who, array[$colleague::uuid], array[$home::uuid])',
    ],
  ];

  test.each(calls)('%s returns nothing for a stranger', async (_about, sql) => {
    expect(await setup.list(setup.fill(sql.replace('$who', '$stranger')))).toEqual([]);
  });

  test.each(calls)(
    '%s trusts the given actor, so a service must take it from the session',
    async (_about, sql) => {
      expect(await setup.list(setup.fill(sql.replace('$who', '$actor')))).toEqual([1]);
    },
  );

  test.each(['users', 'tenants'])(
    'search_%s returns nothing outside the platform scope',
    async (noun) => {
      const search = `select id from search_${noun}('home', null, null, null, null, true, 10)`;
      await setup.begin(setup.home.ownerId, setup.home.id);
      expect(await setup.list(search)).toEqual([]);
      const arrange = 'update users set is_platform_admin = true where id = $stranger';
      const found = await setup.readAs(arrange, [setup.foreign.ownerId, null, true], search);
      expect(found).not.toEqual([]);
    },
  );

  test('list_visible_memberships does not apply the permissions of one actor to the request of another', async () => {
    const find = (...requests: [actor: string, person: string, pageSize: number][]) => {
      const list = (index: 0 | 1 | 2) => requests.map((request) => request[index]).join(', ');
      const none = `array[${requests.map(() => 'null')}]::uuid[]`;
      return setup.list(
        setup.fill(
          `select ordinal::int from list_visible_memberships(
             array[${list(0)}]::uuid[], array[${list(1)}]::uuid[], ${none}, ${none}, array[${list(2)}])`,
        ),
      );
    };
    const found = await find(
      ['$stranger', '$colleague', 10],
      ['$actor', '$colleague', 10],
      ['$actor', '$stranger', 10],
      ['$actor', '$colleague', 0],
      ['$stranger', '$actor', 10],
      ['$actor', '$actor', 10],
    );
    expect(found).toEqual([2, 6]);
    // Missing elements of a list would be null, which means every tenant and all memberships.
    const none = 'array[null]::uuid[]';
    for (const tooShort of [
      `array[$actor::uuid], array[$colleague::uuid], array[]::uuid[], ${none}, array[10]`,
      `array[$actor::uuid], array[$colleague::uuid], ${none}, ${none}, array[]::int[]`,
    ]) {
      const sql = `select ordinal::int from list_visible_memberships(${tooShort})`;
      expect(await setup.list(setup.fill(sql))).toEqual([]);
    }
  });

  test('find_live_sessions returns the user of a token to anyone who has the token', async () => {
    const find = (hash: Buffer) =>
      setup.app.query('select email from find_live_sessions($1, $2)', [[hash], [null]]);
    expect((await find(setup.home.tokenHash)).rows).toEqual([{ email: 'owner@home.example' }]);
    expect((await find(Buffer.alloc(32))).rows).toEqual([]);
  });

  test('find_credentials returns the hash of exactly one address', async () => {
    const find = (email: string) => setup.list(`select user_id from find_credentials('${email}')`);
    expect(await find('owner@home.example')).toEqual([setup.home.ownerId]);
    expect(await find('%@home.example')).toEqual([]);
  });

  test('create_tenant reveals only that a slug is taken, and changes nothing', async () => {
    await setup.begin(setup.foreign.ownerId, null);
    const create = (slugs: string) =>
      setup.app.query(
        `select create_tenant($1, '00000000-0000-7000-8000-00000000000b', ${slugs}, 'x', '{}') as slug`,
        [setup.foreign.ownerId],
      );
    await setup.app.query('savepoint before');
    await expect(create(`array['home']`)).rejects.toMatchObject({
      code: '23505',
      constraint: 'tenants_slug_unique',
    });
    await setup.app.query('rollback to savepoint before');
    expect((await create(`array['home', 'home-2', 'home-3']`)).rows).toEqual([{ slug: 'home-2' }]);
  });

  test('create_tenant rejects the id of an existing tenant', async () => {
    await setup.begin(setup.foreign.ownerId, null);
    const sql = setup.fill(`select create_tenant($stranger, $home, array['other'], 'x', '{}')`);
    await expect(setup.app.query(sql)).rejects.toMatchObject({ constraint: 'tenants_pkey' });
  });

  test('an invitation exists only for a user with the verified address, even by its token', async () => {
    const arrange = `
      update users set email_verified_at = now() where id in ($actor, $stranger);
      insert into invitations (id, tenant_id, email, token_hash, expires_at) values
        ('00000000-0000-7000-8000-00000000000a', $home, 'owner@foreign.example', sha256('i'),
          now() + interval '1 day');
      insert into audit_heads values ($home, 1, sha256(''))`;
    const call = (name: string, rest = '') =>
      `select outcome from ${name}_invitation(sha256('i'), '00000000-0000-7000-8000-00000000000a', $home${rest})`;
    const decline = call('decline', ', null, null');
    const asStranger: ScopeArguments = [setup.foreign.ownerId, null, false];
    const asOther: ScopeArguments = [setup.home.ownerId, setup.home.id, false];
    for (const sql of [call('accept'), decline]) {
      expect(await setup.readAs(arrange, asOther, sql)).toEqual([{ outcome: 'absent' }]);
      const unverified = `${arrange}; update users set email_verified_at = null where id = $stranger`;
      expect(await setup.readAs(unverified, asStranger, sql)).toEqual([{ outcome: 'absent' }]);
    }
    expect(await setup.readAs(arrange, asStranger, decline)).toEqual([{ outcome: 'declined' }]);
    const list = 'select email from list_own_invitations(10)';
    expect(await setup.readAs(arrange, asOther, list)).toEqual([]);
    expect(await setup.readAs(arrange, asStranger, list)).toHaveLength(1);
  });

  test('reserve_invitations uses no rate limit of a tenant outside the scope', async () => {
    await setup.begin(setup.foreign.ownerId, setup.foreign.id);
    const reserve = `select wait_seconds from reserve_invitations($home, array['a@b.example'], 1, 1)`;
    expect(await setup.list(setup.fill(reserve))).toEqual([]);
  });
});
