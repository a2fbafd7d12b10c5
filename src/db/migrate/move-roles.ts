import pg from 'pg';
import type { DatabaseRoles } from '../roles.ts';

/** The old roles of the connected database and the new ones. */
type Move = { from: DatabaseRoles; to: DatabaseRoles };

/**
 * Transfers everything that the roles `from` own and are granted in the connected database to the roles `to`. Does not
 * use "reassign owned" and "drop owned", which would affect other databases.
 * The caller must be a member of both definers, or a superuser.
 */
export async function moveRoles(client: pg.ClientBase, move: Move): Promise<void> {
  const run = async (sql: string) => {
    const { rows } = await client.query<{ statement: string }>(sql);
    if (rows.length > 0) await client.query(rows.map(({ statement }) => statement).join(';\n'));
  };
  const { definer } = move.to;
  // The new owner of a function needs the permission to create one.
  await client.query(`grant usage, create on schema public to ${definer}`);
  await run(buildOwnersSql(move));
  await run(buildPoliciesSql(move));
  await run(buildGrantsSql(move));
  await client.query(`revoke create on schema public from ${definer}`);
  await run(buildMembershipsSql(move));
}

const quote = pg.escapeLiteral;

/** The new role for an old one, by name; other names stay. */
const buildName = ({ from, to }: Move) => `case r.rolname
    when ${quote(from.app)} then ${quote(to.app)}
    when ${quote(from.definer)} then ${quote(to.definer)}
    else r.rolname end`;

const listNames = ({ from }: Move) => `(${quote(from.app)}, ${quote(from.definer)})`;

const buildOwnersSql = ({ from, to }: Move) => `
  select format('alter function %s owner to ${to.definer}', p.oid::regprocedure) as statement
  from pg_proc p join pg_roles r on r.oid = p.proowner
  where r.rolname = ${quote(from.definer)} and p.pronamespace = 'public'::regnamespace
  union all
  select format('alter table %s owner to ${to.definer}', c.oid::regclass)
  from pg_class c join pg_roles r on r.oid = c.relowner
  where r.rolname = ${quote(from.definer)} and c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p', 'v', 'm')`;

const buildPoliciesSql = (move: Move) => `
  select format('alter policy %I on %s to %s', p.polname, p.polrelid::regclass,
    string_agg(quote_ident(${buildName(move)}), ', ')) as statement
  from pg_policy p join pg_roles r on r.oid = any(p.polroles)
  group by p.oid, p.polname, p.polrelid
  having bool_or(r.rolname in ${listNames(move)})`;

/** Excludes objects of another owner, such as a superuser's extension. */
const buildGrantsSql = (move: Move) => `
  with things as (
    select 'schema public' as thing, null as part, nspowner as owner, nspacl as acl
    from pg_namespace where oid = 'public'::regnamespace
    union all
    select c.oid::regclass::text, null, c.relowner, c.relacl from pg_class c
    where c.relnamespace = 'public'::regnamespace
    union all
    select a.attrelid::regclass::text, quote_ident(a.attname), c.relowner, a.attacl
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace
    union all
    select 'function ' || p.oid::regprocedure, null, p.proowner, p.proacl from pg_proc p
    where p.pronamespace = 'public'::regnamespace
  )
  select format('grant %1$s on %2$s to %3$I; revoke %1$s on %2$s from %4$I',
    x.privilege_type || coalesce(' (' || t.part || ')', ''), t.thing, ${buildName(move)}, r.rolname)
    as statement
  from things t cross join lateral aclexplode(t.acl) x join pg_roles r on r.oid = x.grantee
  where r.rolname in ${listNames(move)} and pg_has_role(t.owner, 'usage')`;

/** Memberships in the server's own roles, such as pg_read_all_stats. */
const buildMembershipsSql = (move: Move) => `
  select format('grant %I to %I with inherit %s, set %s', g.rolname, ${buildName(move)},
    a.inherit_option::text, a.set_option::text) as statement
  from pg_auth_members a join pg_roles g on g.oid = a.roleid join pg_roles r on r.oid = a.member
  where r.rolname in ${listNames(move)} and g.rolname not in ${listNames(move)}
    and pg_has_role(g.oid, 'member with admin option')`;
