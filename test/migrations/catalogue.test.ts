import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseRoles, fillRoles } from '../../src/db/roles.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { rolesOf } from '../support/serving.ts';

// Rules for every object in the database, now and later, checked against PostgreSQL's catalogue. Each has a statement
// that lists violations, and a change that the statement must detect.

let owner: pg.Client;
let app: pg.Client;
let roles: DatabaseRoles;
beforeAll(async () => {
  const { ownerUrl, appUrl, drop } = await createTestDatabase();
  roles = rolesOf(ownerUrl);
  owner = new pg.Client({ connectionString: ownerUrl });
  app = new pg.Client({ connectionString: appUrl });
  await owner.connect();
  await app.connect();
  await owner.query(someRows);
  return async () => {
    await owner.end();
    await app.end();
    await drop();
  };
});

/** All tables but Prisma's history, which has a rule of its own below. */
const tables = `pg_class c where c.relnamespace = 'public'::regnamespace
  and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'`;

/** Tables whose rows belong to one tenant. */
const tenantOwned = `(select a.attrelid from pg_attribute a
  where a.attname = 'tenant_id' and not a.attisdropped)`;

const isOfExtension = (id: string) =>
  `exists (select from pg_depend e where e.objid = ${id} and e.deptype = 'e')`;

/** Foreign keys without an index on all of their columns, and the index that serves them. */
const servedByOtherIndex = [
  // By sessions_user_id_id_idx: a user has some tens of sessions at most (SESSIONS_PER_USER_MAX).
  'sessions_membership_fkey',
];

/** The one view that runs with the permissions of its owner: see docs/database.md. */
const definerView = 'tenant_members';

/** The policies on users that the view repeats; a change of them must change the view. */
const usersPolicies = [
  'own_row t ((id = ( SELECT current_user_id() AS current_user_id)) OR ( SELECT is_platform_scope() AS is_platform_scope))',
  `same_tenant t (EXISTS ( SELECT FROM user_tenants m WHERE ((m.tenant_id = ( SELECT current_tenant_id() AS current_tenant_id)) AND (m.user_id = users.id)) OFFSET 0))`,
].map((text) => `'${text}'`);

const rules: [guarantee: string, violations: string, change: string][] = [
  [
    'a function with a generic plan never uses a sequential scan, even if it was planned on small tables',
    `select p.proname as violation from pg_proc p where p.pronamespace = 'public'::regnamespace
      and 'plan_cache_mode=force_generic_plan' = any (p.proconfig)
      and not 'enable_seqscan=off' = any (p.proconfig)`,
    'alter function find_credentials(text) reset enable_seqscan',
  ],
  [
    'the serving login has no cluster-wide permissions',
    `select rolname as violation from pg_roles where rolname = 'tenantry_app'
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`,
    'alter role tenantry_app createdb',
  ],
  [
    'the serving login is not a member of another role',
    `select roleid::regrole::text as violation from pg_auth_members
      where member = 'tenantry_app'::regrole`,
    'grant pg_monitor to tenantry_app',
  ],
  [
    'the serving login owns nothing',
    `select pg_describe_object(classid, objid, objsubid) as violation from pg_shdepend
      where refclassid = 'pg_authid'::regclass and refobjid = 'tenantry_app'::regrole
        and deptype = 'o'
        and dbid in (0, (select oid from pg_database where datname = current_database()))`,
    'alter table roles owner to tenantry_app',
  ],
  [
    'the serving login cannot create permanent objects',
    `select nspname as violation from pg_namespace
      where has_schema_privilege('tenantry_app', oid, 'create') and nspname !~ '^pg_temp'
     union all select datname from pg_database where datname = current_database()
      and has_database_privilege('tenantry_app', oid, 'create')`,
    'grant create on schema public to public',
  ],
  [
    'the serving login may only read and write the rows of a table',
    `select c.relname as violation from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and has_table_privilege('tenantry_app', c.oid, 'truncate, references, trigger, maintain')`,
    'grant truncate on sessions to tenantry_app',
  ],
  [
    'the serving login has no permission on the migration history',
    `select 'yes' as violation where has_table_privilege('tenantry_app',
      'public._prisma_migrations', 'select, insert, update, delete')`,
    'grant select on _prisma_migrations to public',
  ],
  [
    'the owner of the definer functions cannot log in and owns only them and one view',
    `select rolname as violation from pg_roles where rolname = 'tenantry_definer'
      and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)
     union all
     select pg_describe_object(classid, objid, objsubid) from pg_shdepend
      where refclassid = 'pg_authid'::regclass and refobjid = 'tenantry_definer'::regrole
        and deptype = 'o' and classid <> 'pg_proc'::regclass and objid <> '${definerView}'::regclass
        and dbid in (0, (select oid from pg_database where datname = current_database()))`,
    'alter table roles owner to tenantry_definer',
  ],
  [
    'row security is forced in every table, even for its owner',
    `select c.relname as violation from ${tables}
      and not (c.relrowsecurity and c.relforcerowsecurity)`,
    'alter table sessions no force row level security',
  ],
  [
    'every policy limits both reads and writes',
    `select format('%s on %s', p.polname, p.polrelid::regclass) as violation from pg_policy p
      where (p.polqual is null and p.polcmd <> 'a')
        or (p.polwithcheck is null and p.polcmd in ('*', 'a', 'w'))`,
    'create policy lax on roles for update to tenantry_app using (false)',
  ],
  [
    'every policy is for one of the two roles, and none shows the serving login all rows',
    `select format('%s on %s', p.polname, p.polrelid::regclass) as violation from pg_policy p
      where p.polroles not in ('{tenantry_app}'::regrole[]::oid[],
          '{tenantry_definer}'::regrole[]::oid[])
        or (p.polroles = '{tenantry_app}'::regrole[]::oid[] and 'true' in
          (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))`,
    'create policy lax on roles for select to tenantry_app using (true)',
  ],
  [
    'every policy reads the scope in a subselect, so once per statement and not per row',
    `select format('%s on %s', p.polname, p.polrelid::regclass) as violation from pg_policy p
      where concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        ~ '(?<!SELECT )(current_user_id\\(|current_tenant_id\\(|is_platform_scope\\(|current_setting\\()'`,
    'create policy slow on roles for select to tenantry_app using (tenant_id = current_tenant_id())',
  ],
  [
    'every definer function has a fixed search path with temporary tables last',
    `select p.oid::regprocedure::text as violation from pg_proc p
      where p.prosecdef and p.pronamespace = 'public'::regnamespace
        and not coalesce('search_path=pg_catalog, public, pg_temp' = any (p.proconfig), false)`,
    'alter function find_credentials reset search_path',
  ],
  [
    'every definer function runs as tenantry_definer, which owns no other function',
    `select p.oid::regprocedure::text as violation from pg_proc p
      where p.pronamespace = 'public'::regnamespace
        and p.prosecdef <> (p.proowner = 'tenantry_definer'::regrole)`,
    'alter function find_credentials owner to current_user',
  ],
  [
    'no definer function is executable by public',
    `select p.oid::regprocedure::text as violation from pg_proc p
      where p.prosecdef and has_function_privilege('public', p.oid, 'execute')`,
    'grant execute on function note_sign_in to public',
  ],
  [
    'every view but one runs with the permissions of its reader, and none is materialised',
    `select c.relname as violation from pg_class c
      where c.relnamespace = 'public'::regnamespace and not ${isOfExtension('c.oid')}
        and c.oid <> '${definerView}'::regclass
        and (c.relkind = 'm' or (c.relkind = 'v'
          and not coalesce(c.reloptions && '{security_invoker=true,security_invoker=on}', false)))`,
    'create view everybody as select id from users',
  ],
  [
    'the view that runs with the permissions of its owner has the conditions of the policies on memberships and users',
    `select p.polname as violation from pg_policy p, pg_rewrite r
      where p.polrelid = 'user_tenants'::regclass and p.polroles = '{tenantry_app}'::regrole[]::oid[]
        and r.ev_class = '${definerView}'::regclass
        and strpos(regexp_replace(pg_get_viewdef(r.ev_class, true), '[\\s()]|m\\.', '', 'g'),
          'WHERE' || regexp_replace(pg_get_expr(p.polqual, p.polrelid, true), '[\\s()]', '', 'g') || ';') = 0
     union all
     select p.polname from pg_policy p
      where p.polrelid = 'users'::regclass and p.polroles = '{tenantry_app}'::regrole[]::oid[]
        and format('%s %s %s', p.polname, p.polpermissive,
          regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g')) not in (${usersPolicies})
     union all
     select relname from pg_class
      where oid = '${definerView}'::regclass and relowner <> 'tenantry_definer'::regrole`,
    `create or replace view ${definerView} as select m.id, m.tenant_id, m.user_id, m.is_active, m.metadata,
      m.last_sign_in_at, m.joined_at, u.email, u.email_verified_at, u.name, u.avatar_url, u.locale, u.status,
      u.is_platform_admin, u.metadata as user_metadata, u.last_sign_in_at as user_last_sign_in_at,
      u.created_at as user_created_at from user_tenants m join users u on u.id = m.user_id`,
  ],
  [
    'every table has a comment',
    `select c.relname as violation from ${tables} and obj_description(c.oid, 'pg_class') is null`,
    'create table notes (id uuid primary key)',
  ],
  [
    'every index that is not a key has a comment',
    `select i.indexrelid::regclass::text as violation from pg_index i
      where i.indrelid in (select c.oid from ${tables})
        and not exists (select from pg_constraint n where n.conindid = i.indexrelid)
        and obj_description(i.indexrelid, 'pg_class') is null`,
    'create index on sessions (expires_at)',
  ],
  [
    'every index is valid',
    'select indexrelid::regclass::text as violation from pg_index where not indisvalid',
    `update pg_index set indisvalid = false where indexrelid = 'users_metadata_idx'::regclass`,
  ],
  [
    'every foreign key between rows of tenants includes the tenant',
    `select n.conname as violation from pg_constraint n
      where n.contype = 'f' and n.conrelid in ${tenantOwned} and n.confrelid in ${tenantOwned}
        and not exists (
          select from unnest(n.conkey, n.confkey) k (ours, theirs)
          join pg_attribute a on a.attrelid = n.conrelid and a.attnum = k.ours
          join pg_attribute b on b.attrelid = n.confrelid and b.attnum = k.theirs
          where a.attname = 'tenant_id' and b.attname = 'tenant_id')`,
    'alter table membership_roles add foreign key (role_id) references roles (id)',
  ],
  [
    'every foreign key has an index, so that deleting its target needs no sequential scan',
    `select n.conname as violation from pg_constraint n
      where n.contype = 'f' and n.conname <> all ('{${servedByOtherIndex.join()}}')
        and not exists (
          select from pg_index i
          where i.indrelid = n.conrelid and i.indpred is null and i.indisvalid
            and (i.indkey::int2[])[0:cardinality(n.conkey) - 1] @> n.conkey)`,
    'drop index user_tenants_user_id_id_idx',
  ],
];

describe('in the migrated database', () => {
  test.each(rules)('%s', async (_guarantee, violations, change) => {
    expect(await listViolations(violations)).toEqual([]);
    await owner.query(fillRoles(`begin; ${change}`, roles));
    const detected = await listViolations(violations);
    await owner.query('rollback');
    expect(detected).not.toEqual([]);
  });

  test('docs/database.md lists exactly the definer functions', async () => {
    const page = new URL('../../docs/database.md', import.meta.url);
    const [, list = ''] = (await readFile(page, 'utf8')).split('| Function |');
    const documented = Array.from(list.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
    const existing = await listViolations(`
      select distinct p.proname as violation from pg_proc p
      where p.prosecdef and p.pronamespace = 'public'::regnamespace`);
    expect(documented.sort()).toEqual(existing);
  });
});

describe('the serving login', () => {
  test('sees no row of any table before it enters a scope', async () => {
    const readable = await listViolations(`select c.relname as violation from ${tables}
      and has_table_privilege('tenantry_app', c.oid, 'select')`);
    expect(readable).toEqual(expect.arrayContaining(['users', 'user_tenants', 'sessions']));
    for (const table of readable) {
      const count = `select count(*)::int as count from ${table}`;
      const stored = await owner.query<{ count: number }>(count);
      expect(stored.rows[0]?.count, table).toBeGreaterThan(0);
      const seen = await app.query<{ count: number }>(count);
      expect(seen.rows[0]?.count, table).toBe(0);
    }
  });

  test.each([
    'create table notes ()',
    'create function f() returns int language sql return 1',
    'truncate sessions',
    'alter table sessions disable row level security',
    'drop policy own_rows on sessions',
    'set role tenantry_definer',
    'set session authorization tenantry_definer',
    'set row_security = off; select id from users',
    'update users set is_platform_admin = true',
    'update tenants set member_count = 0',
    'update tenants set custom_roles_max = 0',
    `update tenants set status = 'suspended'`,
    'update tenants set deletion_at = now()',
    `update users set status = 'suspended'`,
    'delete from users',
    'delete from tenants',
    'select * from sign_in_budgets',
    'select * from mail_outbox',
    'select * from idempotency_keys',
    'select * from one_time_tokens',
    `select take_one_time_token('password_reset', sha256('x'))`,
    'update users set email_verified_at = now()',
    'select * from _prisma_migrations',
    `select sync_built_in_roles('[]')`,
  ])('is rejected: %s', async (statement) => {
    // insufficient_privilege: PostgreSQL's appendix of error codes.
    await expect(app.query(fillRoles(statement, roles))).rejects.toMatchObject({ code: '42501' });
    await app.query('reset row_security');
  });
});

/** At least one row in every table, inserted by the owner, who bypasses row security. */
const someRows = `
  insert into users (id, email) values ('00000000-0000-7000-8000-000000000001', 'ada@example.com');
  insert into password_credentials (user_id, password_hash)
    values ('00000000-0000-7000-8000-000000000001', '$argon2id$');
  select create_tenant('00000000-0000-7000-8000-000000000001',
    '00000000-0000-7000-8000-000000000002', array['acme'], 'Acme', '{}');
  insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
    values ('00000000-0000-7000-8000-000000000001', sha256('x'), 60, now() + interval '1 day');
  insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
    values ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'deploy',
      sha256('k'), 'k…', '{}', now() + interval '1 day');
  insert into invitations (tenant_id, email, token_hash, expires_at)
    values ('00000000-0000-7000-8000-000000000002', 'eve@example.com', sha256('i'), now() + interval '1 day');
  insert into invitation_roles (tenant_id, invitation_id, role_id)
    select i.tenant_id, i.id, r.id from invitations i join roles r on r.tenant_id = i.tenant_id and r.key = 'viewer';
  insert into audit_events (chain_id, sequence, tenant_id, action, changes, hash) values
    ('00000000-0000-7000-8000-000000000002', 1, '00000000-0000-7000-8000-000000000002', 'tenant.created', '{}', '');`;

async function listViolations(sql: string): Promise<string[]> {
  const { rows } = await owner.query<{ violation: string }>(fillRoles(sql, roles));
  return rows.map(({ violation }) => violation).sort();
}
