import { describe, expect, test } from 'vitest';
import { createFunctionFile, sortByCalls } from '../../src/db/migrate/functions.ts';
import { listPendingMigrations } from '../../src/db/migrate.ts';
import { createStage } from './support.ts';

const twice = `create or replace function twice(x integer) returns integer
language sql immutable return times_two(x);
comment on function twice is 'Calls a function whose name sorts before it.';`;
const timesTwo = (factor = 2) => `create or replace function times_two(x integer) returns integer
language sql immutable security definer set search_path = pg_catalog, public, pg_temp
return x * ${factor};
revoke execute on function times_two from public;
grant execute on function times_two to tenantry_app;`;

const countUsers = (column: string, args = '') => `create or replace function count_users(${args})
returns bigint language sql stable begin atomic
  select sum(u.${column}) from users u;
end;`;

const listUsers = `create or replace function list_users() returns setof users
language sql stable begin atomic
  select u.* from users u;
end;`;

const files = {
  // The runner finds the roles of a database by these policies.
  '001_tables': `create table users (x int);
    create policy own_row on users to tenantry_app using (true);
    create policy definer on users to tenantry_definer using (true);`,
  '002_functions': '-- @functions\ncreate view doubled as select twice(x) as x from users;',
};

async function createFunctionStage() {
  const stage = await createStage(files);
  await stage.writeFunction('times_two', timesTwo());
  await stage.writeFunction('twice', twice);
  return stage;
}

describe('functions of migrations/functions/', () => {
  test('are created at the line of a migration, each after the functions it calls', async () => {
    const stage = await createFunctionStage();
    expect(await stage.run()).toEqual({ applied: ['001_tables', '002_functions'] });
    const { rows } = await stage.pool.query('select twice(3) as x');
    expect(rows).toEqual([{ x: 6 }]);
    expect(await stage.run()).toEqual({ applied: [] });
  });

  test('are applied again if their file has changed, and only those', async () => {
    const stage = await createFunctionStage();
    await stage.run();
    const readTimes = async () =>
      (await stage.pool.query('select name, applied_at from tenantry_migrations.functions')).rows;
    const before = await readTimes();
    await stage.writeFunction('times_two', timesTwo(4));
    expect((await listPendingMigrations(stage)).pending).toEqual(['functions/times_two']);
    expect(await stage.run()).toEqual({ applied: ['functions/times_two'] });
    expect((await stage.pool.query('select twice(3) as x')).rows).toEqual([{ x: 12 }]);
    const unchanged = before.filter(({ name }) => name === 'twice');
    expect(await readTimes()).toEqual(expect.arrayContaining(unchanged));
    expect((await listPendingMigrations(stage)).pending).toEqual([]);
  });

  test('may use columns of a later migration, in a new and in an upgraded database', async () => {
    const upgraded = await createFunctionStage();
    await upgraded.writeFunction('count_users', countUsers('x'));
    expect(await upgraded.run()).toEqual({ applied: ['001_tables', '002_functions'] });
    const later = { '003_column': 'alter table users add column y int default 7' };
    const fresh = await createStage({ ...files, ...later });
    for (const stage of [upgraded, fresh]) {
      await stage.write('003_column', later['003_column']);
      await stage.writeFunction('times_two', timesTwo());
      await stage.writeFunction('twice', twice);
      await stage.writeFunction('count_users', countUsers('y'));
      await stage.run();
      await stage.pool.query('insert into users (x) values (1)');
      expect((await stage.pool.query('select count_users() as sum')).rows).toEqual([{ sum: '7' }]);
    }
  });

  test('return the columns of a later migration even if their files are unchanged', async () => {
    const stage = await createFunctionStage();
    await stage.writeFunction('list_users', listUsers);
    await stage.run();
    await stage.write(
      '003_column',
      'insert into users (x) values (1); alter table users add column y int default 7',
    );
    expect(await stage.run()).toEqual({ applied: ['003_column'] });
    const { rows } = await stage.pool.query('select * from list_users()');
    expect(rows).toEqual([{ x: 1, y: 7 }]);
    expect((await listPendingMigrations(stage)).pending).toEqual([]);
  });

  test('that a migration lists are applied in its transaction, without those that no longer exist', async () => {
    const stage = await createFunctionStage();
    await stage.writeFunction('list_users', listUsers);
    await stage.run();
    await stage.write(
      '003_column',
      'alter table users add column y int default 7;\n-- @functions list_users, long_gone\n',
    );
    await stage.write('004_faulty', 'select nonsense');
    await expect(stage.run()).rejects.toThrow('004_faulty');
    const { rows } = await stage.pool.query('select count(*)::int from list_users()');
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('change their arguments within one migration, in a new and in an upgraded database', async () => {
    const upgraded = await createFunctionStage();
    await upgraded.writeFunction('count_users', countUsers('x'));
    await upgraded.run();
    const fresh = await createStage(files);
    for (const stage of [upgraded, fresh]) {
      await stage.write('003_arguments', 'drop function if exists count_users();\n-- @functions\n');
      await stage.write('004_faulty', 'select nonsense');
      await stage.writeFunction('times_two', timesTwo());
      await stage.writeFunction('twice', twice);
      await stage.writeFunction('count_users', countUsers('x', 'lowest integer'));
      // The function exists at any moment, even if the run ends after this migration.
      await expect(stage.run()).rejects.toThrow('004_faulty');
      const { rows } = await stage.pool.query(
        `select oid::regprocedure::text as name from pg_proc where proname = 'count_users'`,
      );
      expect(rows).toEqual([{ name: 'count_users(integer)' }]);
    }
  });

  test('wait for a locked table up to the deadline', async () => {
    const stage = await createFunctionStage();
    await stage.run();
    await stage.writeFunction('count_users', countUsers('x'));
    const release = await stage.hold('lock table users in access exclusive mode');
    await expect(stage.run(0)).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('migrations/functions could not lock'),
    });
    const second = stage.run();
    await release();
    expect(await second).toEqual({ applied: ['functions/count_users'] });
  });

  test('that run as their definer belong to the definer role and are executable only by the owner and the login', async () => {
    const stage = await createFunctionStage();
    await stage.run();
    await stage.writeFunction('times_two', timesTwo(4));
    await stage.run();
    const { rows } = await stage.pool.query(
      `select proowner::regrole::text like 'tenantry_definer_%' as "isDefiners",
         has_function_privilege('public', oid, 'execute') as "isPublic",
         has_function_privilege(current_user, oid, 'execute') as "isOwners",
         has_schema_privilege(proowner, 'public', 'create') as "mayCreate"
       from pg_proc where proname = 'times_two'`,
    );
    expect(rows).toEqual([{ isDefiners: true, isPublic: false, isOwners: true, mayCreate: false }]);
  });

  test('that a newer version has applied are not replaced', async () => {
    const stage = await createFunctionStage();
    await stage.run();
    await stage.writeFunction('times_two', timesTwo(4));
    await stage.pool.query(`update tenantry_migrations.functions set version = '10000.0.0'`);
    expect(await stage.run()).toEqual({ applied: [] });
    for (const version of ['0.0.9', '0.0.9-rc.1']) {
      await stage.pool.query('update tenantry_migrations.functions set hash = $1, version = $2', [
        'older',
        version,
      ]);
      const { pending } = await listPendingMigrations(stage);
      expect(pending).toEqual(['functions/times_two', 'functions/twice']);
    }
  });

  test('that fail leave earlier migrations applied and are applied by the next run', async () => {
    const stage = await createFunctionStage();
    await stage.writeFunction('count_users', countUsers('missing'));
    await expect(stage.run()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^migrations\/functions\/count_users\.sql line 3: .*42703/),
    });
    expect(await stage.readHistory()).toEqual(['001_tables', '002_functions']);
    const { pending } = await listPendingMigrations(stage);
    expect(pending).toContain('functions/count_users');
    await stage.writeFunction('count_users', countUsers('x'));
    expect(await stage.run()).toEqual({ applied: pending });
    expect(await stage.run()).toEqual({ applied: [] });
  });

  test('with an error are named with its line, and the whole run is rolled back', async () => {
    const stage = await createFunctionStage();
    await stage.run();
    await stage.writeFunction('times_two', timesTwo(4));
    await stage.writeFunction('twice', twice.replace('times_two(x)', 'times_three(x)'));
    await expect(stage.run()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(
        /^migrations\/functions\/twice\.sql line 2: .*times_three.*42883/,
      ),
    });
    expect((await stage.pool.query('select twice(3) as x')).rows).toEqual([{ x: 6 }]);
    await stage.writeFunction('twice', twice);
    expect(await stage.run()).toEqual({ applied: ['functions/times_two'] });
  });

  test('are applied once by twenty concurrent runners', async () => {
    const stage = await createFunctionStage();
    await stage.run();
    await stage.writeFunction('times_two', timesTwo(4));
    const runs = await Promise.all(Array.from({ length: 20 }, () => stage.run()));
    expect(runs.flatMap(({ applied }) => applied)).toEqual(['functions/times_two']);
  });

  test.each([
    ['other', 'create or replace function twice() returns int language sql return 1'],
    ['twice', 'create function twice() returns int language sql return 1'],
    ['twice', `select 'create or replace function twice()'`],
    [
      'twice',
      'create or replace function twice() returns int language sql return 1; create or replace function b() returns int language sql return 1',
    ],
  ])('must replace exactly the function of their file name, unlike in %s: %s', (name, sql) => {
    expect(() => createFunctionFile(name, sql)).toThrow(`migrations/functions/${name}.sql`);
  });

  test('are not ordered by calls in comments or quoted bodies', () => {
    const create = (name: string, body: string) =>
      createFunctionFile(name, `create or replace function ${name}() returns int ${body}`);
    const a = create('a', 'language plpgsql as $$ begin return b(); end $$; -- b()');
    const b = create('b', 'language sql return a()');
    expect(sortByCalls([a, b]).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(sortByCalls([b, a]).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

test('a database of a version before 0.2.0 is rejected with a line that says so', async () => {
  const stage = await createStage({ '001_create_session_tables': 'create table a (x int)' });
  await stage.run();
  const newer = await createStage({ '001_core_schema': 'create table a (x int)' });
  const error = {
    code: 'unknown',
    message: expect.stringMatching(/^this database was created by a version before 0\.2\.0.*$/),
  };
  await expect(newer.runOn(stage.ownerUrl)).rejects.toMatchObject(error);
});
