import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEverything } from './row-security/houses.ts';
import { openStage, type ScopeArguments, type Stage } from './row-security/stage.ts';

// The questions that cross tenants, and what they answer to whom. docs/database.md lists them.

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

describe('the definer functions answer what their actor may know', () => {
  // $who is the actor; the rest is of `home`.
  const questions: [about: string, sql: string][] = [
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

  test.each(questions)('%s: nothing to a stranger', async (_about, sql) => {
    expect(await stage.list(stage.fill(sql.replace('$who', '$stranger')))).toEqual([]);
  });

  test.each(questions)(
    '%s: the actor is believed, so a service must take it from the session',
    async (_about, sql) => {
      expect(await stage.list(stage.fill(sql.replace('$who', '$actor')))).toEqual([1]);
    },
  );

  test.each(['users', 'tenants'])('search_%s: nothing outside the platform', async (noun) => {
    const search = `select id from search_${noun}('home', null, null, null, null, true, 10)`;
    await stage.begin(stage.home.ownerId, stage.home.id);
    expect(await stage.list(search)).toEqual([]);
    const arrange = 'update users set is_platform_admin = true where id = $stranger';
    const found = await stage.peek(arrange, [stage.foreign.ownerId, null, true], search);
    expect(found).not.toEqual([]);
  });

  test('list_visible_memberships: the rights of one actor answer no question of another', async () => {
    const ask = (...questions: [actor: string, person: string, pageSize: number][]) => {
      const list = (index: 0 | 1 | 2) => questions.map((question) => question[index]).join(', ');
      const none = `array[${questions.map(() => 'null')}]::uuid[]`;
      return stage.list(
        stage.fill(
          `select ordinal::int from list_visible_memberships(
             array[${list(0)}]::uuid[], array[${list(1)}]::uuid[], ${none}, ${none}, array[${list(2)}])`,
        ),
      );
    };
    const answered = await ask(
      ['$stranger', '$colleague', 10],
      ['$actor', '$colleague', 10],
      ['$actor', '$stranger', 10],
      ['$actor', '$colleague', 0],
      ['$stranger', '$actor', 10],
      ['$actor', '$actor', 10],
    );
    expect(answered).toEqual([2, 6]);
    // Of lists that are too short the rest is null, which would stand for every tenant, and for all memberships.
    const none = 'array[null]::uuid[]';
    for (const tooShort of [
      `array[$actor::uuid], array[$colleague::uuid], array[]::uuid[], ${none}, array[10]`,
      `array[$actor::uuid], array[$colleague::uuid], ${none}, ${none}, array[]::int[]`,
    ]) {
      const sql = `select ordinal::int from list_visible_memberships(${tooShort})`;
      expect(await stage.list(stage.fill(sql))).toEqual([]);
    }
  });

  test('find_live_sessions: whose token it is, to anyone who shows the token', async () => {
    const ask = (hash: Buffer) =>
      stage.app.query('select email from find_live_sessions($1, $2)', [[hash], [null]]);
    expect((await ask(stage.home.tokenHash)).rows).toEqual([{ email: 'owner@home.example' }]);
    expect((await ask(Buffer.alloc(32))).rows).toEqual([]);
  });

  test('find_credentials: the hash of one address at a time, since nobody is signed in yet', async () => {
    const ask = (email: string) => stage.list(`select user_id from find_credentials('${email}')`);
    expect(await ask('owner@home.example')).toEqual([stage.home.ownerId]);
    expect(await ask('%@home.example')).toEqual([]);
  });

  test('create_tenant: a taken slug says nothing but that it is taken, and changes nothing', async () => {
    await stage.begin(stage.foreign.ownerId, null);
    const create = (slugs: string) =>
      stage.app.query(
        `select create_tenant($1, '00000000-0000-7000-8000-00000000000b', ${slugs}, 'x', '{}') as slug`,
        [stage.foreign.ownerId],
      );
    await stage.app.query('savepoint before');
    await expect(create(`array['home']`)).rejects.toMatchObject({
      code: '23505',
      constraint: 'tenants_slug_unique',
    });
    await stage.app.query('rollback to savepoint before');
    expect((await create(`array['home', 'home-2', 'home-3']`)).rows).toEqual([{ slug: 'home-2' }]);
  });

  test('create_tenant: no tenant that is there already', async () => {
    await stage.begin(stage.foreign.ownerId, null);
    const sql = stage.fill(`select create_tenant($stranger, $home, array['other'], 'x', '{}')`);
    await expect(stage.app.query(sql)).rejects.toMatchObject({ constraint: 'tenants_pkey' });
  });

  test('an invitation is there for the verified address alone, by its token too', async () => {
    const arrange = `
      update users set email_verified_at = now() where id in ($actor, $stranger);
      insert into invitations (id, tenant_id, email, token_hash, expires_at) values
        ('00000000-0000-7000-8000-00000000000a', $home, 'owner@foreign.example', sha256('i'),
          now() + interval '1 day');
      insert into audit_heads values ($home, 1, sha256(''))`;
    const call = (name: string, rest = '') =>
      `select outcome from ${name}_invitation(sha256('i'), '00000000-0000-7000-8000-00000000000a', $home${rest})`;
    const decline = call('decline', ', null, null');
    const asStranger: ScopeArguments = [stage.foreign.ownerId, null, false];
    const asOther: ScopeArguments = [stage.home.ownerId, stage.home.id, false];
    for (const sql of [call('accept'), decline]) {
      expect(await stage.peek(arrange, asOther, sql)).toEqual([{ outcome: 'absent' }]);
      const unverified = `${arrange}; update users set email_verified_at = null where id = $stranger`;
      expect(await stage.peek(unverified, asStranger, sql)).toEqual([{ outcome: 'absent' }]);
    }
    expect(await stage.peek(arrange, asStranger, decline)).toEqual([{ outcome: 'declined' }]);
    const list = 'select email from list_own_invitations(10)';
    expect(await stage.peek(arrange, asOther, list)).toEqual([]);
    expect(await stage.peek(arrange, asStranger, list)).toHaveLength(1);
  });

  test('reserve_invitations: no budget of a tenant that was not entered', async () => {
    await stage.begin(stage.foreign.ownerId, stage.foreign.id);
    const reserve = `select wait_seconds from reserve_invitations($home, array['a@b.example'], 1, 1)`;
    expect(await stage.list(stage.fill(reserve))).toEqual([]);
  });
});
