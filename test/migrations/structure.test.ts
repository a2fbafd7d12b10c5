import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillRoles } from '../../src/db/roles.ts';
import { printStructure } from '../../src/db/structure.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { rolesOf } from '../support/serving.ts';

const committed = await readFile(new URL('../../prisma/structure.sql', import.meta.url), 'utf8');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('prisma/structure.sql', () => {
  test('equals the structure of the migrated database (print it with npm run db:structure)', async () => {
    expect(await printStructure(database.ownerUrl)).toBe(committed);
  });

  // Objects that prisma/schema.prisma cannot express, so that drift.test.ts cannot compare them.
  test.each([
    [
      'a check',
      `alter table users drop constraint users_metadata_object`,
      ["-   constraint users_metadata_object CHECK (jsonb_typeof(metadata) = 'object'::text),"],
    ],
    [
      'the condition of a partial index',
      `drop index sessions_tenant_id_id_idx;
       create index sessions_tenant_id_id_idx on sessions (tenant_id, id);
       comment on index sessions_tenant_id_id_idx is
         'tenant.sessions, newest first; only sessions bound to a tenant are in it'`,
      [
        '- CREATE INDEX sessions_tenant_id_id_idx ON sessions USING btree (tenant_id, id) WHERE tenant_id IS NOT NULL;',
        '+ CREATE INDEX sessions_tenant_id_id_idx ON sessions USING btree (tenant_id, id);',
      ],
    ],
    [
      'row security that is not forced',
      'alter table users no force row level security',
      ['- alter table users force row level security;'],
    ],
    [
      'a policy that allows every row',
      'alter policy tenant_revokes on sessions using (true)',
      [
        '-   using (tenant_id = (( SELECT current_tenant_id() AS current_tenant_id)));',
        '+   using (true);',
      ],
    ],
    [
      'a disabled trigger',
      'alter table user_tenants disable trigger user_tenants_count_deleted',
      [expect.stringMatching(/^- CREATE TRIGGER/), expect.stringMatching(/ -- tgenabled D;$/)],
    ],
    [
      'a function that runs as its caller',
      'alter function find_credentials security invoker',
      ['-  STABLE SECURITY DEFINER', '+  STABLE'],
    ],
    [
      'a function with another owner',
      'alter function enter_scope owner to tenantry_app',
      expect.arrayContaining([
        '+ alter function enter_scope(uuid,uuid,boolean,uuid,uuid) owner to tenantry_app;',
      ]),
    ],
    [
      'a permission on one column',
      'grant update (is_platform_admin) on users to tenantry_app',
      [
        expect.stringMatching(/^- grant .* on users to tenantry_app;$/),
        expect.stringMatching(/^\+ grant .*is_platform_admin.* on users to tenantry_app;$/),
      ],
    ],
    [
      'a comment',
      `comment on table users is 'Somebody.'`,
      [
        "- comment on table users is 'People. A person exists once and may belong to many tenants.';",
        "+ comment on table users is 'Somebody.';",
      ],
    ],
    [
      'a view',
      'create view members with (security_invoker) as select user_id from user_tenants',
      [
        '+ -- view public.members with (security_invoker=true) as',
        '+  SELECT user_id',
        '+    FROM user_tenants;',
        '+ alter view members owner to owner;',
      ],
    ],
    [
      'a view with another owner',
      'alter view tenant_members owner to current_user',
      [
        '- alter view tenant_members owner to tenantry_definer;',
        '+ alter view tenant_members owner to owner;',
      ],
    ],
    [
      'a statistics setting of a column',
      'alter table user_tenants alter column tenant_id reset (n_distinct)',
      ['- alter table user_tenants alter column tenant_id set (n_distinct=100);'],
    ],
    ['a type', `create type mood as enum ('fine')`, ['+ -- type public.mood;']],
  ])('shows %s', async (_name, change, difference) => {
    const before = await printStructure(database.ownerUrl);
    await runAsOwner(fillRoles(change, rolesOf(database.ownerUrl)));
    expect(compareLines(before, await printStructure(database.ownerUrl))).toEqual(difference);
  });
});

async function runAsOwner(sql: string): Promise<void> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query(sql);
  await owner.end();
}

/** The lines that only one text has, with repetitions: first removed, then added ones. */
function compareLines(before: string, after: string): string[] {
  return [...onlyIn(before, after, '- '), ...onlyIn(after, before, '+ ')];
}

function onlyIn(text: string, other: string, sign: string): string[] {
  const rest = Map.groupBy(
    other.split('\n').filter((line) => line !== ''),
    (line) => line,
  );
  return text
    .split('\n')
    .filter((line) => line !== '' && rest.get(line)?.pop() === undefined)
    .map((line) => `${sign}${line}`);
}
