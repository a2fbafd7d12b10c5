import { connect } from '../connection/connect.ts';
import { definerRoleSql } from '../roles.ts';
import { AppRoleError } from './app-role.ts';

type Powers = {
  role: string;
  isSuperuser: boolean;
  bypassesRowSecurity: boolean;
  /** A role it is a member of that is a superuser or bypasses row security. */
  mightyRole: string | null;
  /** A table of ours that it, or a role it is a member of, owns. */
  ownedTable: string | null;
  seesAll: boolean;
  /** It may add to the schema or the database. */
  mayCreate: boolean;
};

/** Rights of the login beyond its own rows, its own or through a role it can assume. */
const powersSql = `
  select
    session_user::text as "role",
    r.rolsuper as "isSuperuser",
    r.rolbypassrls as "bypassesRowSecurity",
    (select m.rolname::text from pg_roles m
      where (m.rolsuper or m.rolbypassrls) and pg_has_role(session_user, m.oid, 'member')
      order by m.rolname limit 1) as "mightyRole",
    (select c.relname::text from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and pg_has_role(session_user, c.relowner, 'member')
      order by c.relname limit 1) as "ownedTable",
    exists (select from pg_roles d
      where d.rolname = ${definerRoleSql} and pg_has_role(session_user, d.oid, 'member'))
      as "seesAll",
    has_schema_privilege(session_user, 'public', 'create')
      or has_database_privilege(session_user, current_database(), 'create') as "mayCreate"
  from pg_roles r where r.rolname = session_user`;

/**
 * Makes sure that row security holds for the serving login: it is no superuser, owns no table, does
 * not bypass row security, and can take on no role that does. Throws AppRoleError, whose message
 * says what is wrong.
 */
export async function verifyAppRole(appUrl: string): Promise<void> {
  // Of a derived url the login was tried just before, so what fails here is what somebody wrote.
  const client = await connect(appUrl, { name: 'tenantry-start', setting: 'DATABASE_APP_URL' });
  try {
    const { rows } = await client.query<Powers>(powersSql);
    for (const powers of rows) refuseMighty(powers);
  } finally {
    await client.end();
  }
}

function refuseMighty(powers: Powers): void {
  const fault = findPowerFault(powers);
  if (fault === null) return;
  throw new AppRoleError(
    `The serving login ${powers.role} ${fault}, so row security would not keep tenants apart. ` +
      'Name a login without such rights in DATABASE_APP_URL, or leave that empty.',
  );
}

function findPowerFault(powers: Powers): string | null {
  if (powers.isSuperuser) return 'is a superuser';
  if (powers.bypassesRowSecurity) return 'bypasses row security';
  if (powers.mightyRole !== null) return `can act as ${powers.mightyRole}, who sees every row`;
  if (powers.ownedTable !== null) return `owns the table ${powers.ownedTable}`;
  if (powers.mayCreate) return 'may create tables or functions';
  return powers.seesAll
    ? 'can act as the owner of the definer functions, who sees every row'
    : null;
}
