import { connect } from '../connection/connect.ts';
import { definerRoleSql } from '../roles.ts';
import { AppRoleError } from './app-role.ts';

type Privileges = {
  role: string;
  isSuperuser: boolean;
  bypassesRowSecurity: boolean;
  /** A role it is a member of that is a superuser or bypasses row security. */
  privilegedRole: string | null;
  /** A table of ours that it, or a role it is a member of, owns. */
  ownedTable: string | null;
  seesAll: boolean;
  /** It may create objects in the schema or the database. */
  mayCreate: boolean;
};

/** Privileges of the login, its own or through a role it can assume. */
const privilegesSql = `
  select
    session_user::text as "role",
    r.rolsuper as "isSuperuser",
    r.rolbypassrls as "bypassesRowSecurity",
    (select m.rolname::text from pg_roles m
      where (m.rolsuper or m.rolbypassrls) and pg_has_role(session_user, m.oid, 'member')
      order by m.rolname limit 1) as "privilegedRole",
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
 * Verifies that row security applies to the serving login: it is no superuser, owns no table, does not bypass row
 * security, and cannot assume a role that does. Throws AppRoleError, whose message says what is wrong.
 */
export async function verifyAppRole(appUrl: string): Promise<void> {
  // A derived url was tried just before, so a failure here concerns the configured one.
  const client = await connect(appUrl, { name: 'tenantry-start', setting: 'DATABASE_APP_URL' });
  try {
    const { rows } = await client.query<Privileges>(privilegesSql);
    for (const privileges of rows) rejectPrivileged(privileges);
  } finally {
    await client.end();
  }
}

function rejectPrivileged(privileges: Privileges): void {
  const violation = findViolation(privileges);
  if (violation === null) return;
  throw new AppRoleError(
    `The serving login ${privileges.role} ${violation}, so row security would not keep tenants apart. ` +
      'Set DATABASE_APP_URL to a login without such privileges, or leave it empty.',
  );
}

function findViolation(privileges: Privileges): string | null {
  if (privileges.isSuperuser) return 'is a superuser';
  if (privileges.bypassesRowSecurity) return 'bypasses row security';
  if (privileges.privilegedRole !== null)
    return `can act as ${privileges.privilegedRole}, who sees every row`;
  if (privileges.ownedTable !== null) return `owns the table ${privileges.ownedTable}`;
  if (privileges.mayCreate) return 'can create tables or functions';
  return privileges.seesAll
    ? 'can act as the owner of the definer functions, who sees every row'
    : null;
}
