import { createHash } from 'node:crypto';
import type pg from 'pg';

/** The two roles of one database, which no other database uses. */
export type DatabaseRoles = {
  /** The server's login. It owns nothing and is subject to row security. */
  app: string;
  /** Without login. Owns the functions that cross tenants; its policies let it see every row. */
  definer: string;
};

/** The names that migrations, tests and documents use for the roles. */
export const plainRoles: DatabaseRoles = { app: 'tenantry_app', definer: 'tenantry_definer' };

/** PostgreSQL's limit for names of 63 bytes, less the longer prefix. */
const suffixLengthMax = 46;

/**
 * Names the roles of a database. Roles belong to the whole server, so their names contain the database's name. Only
 * letters, digits and underscores, so no statement has to quote them. Pure.
 */
export function nameRoles(database: string): DatabaseRoles {
  const suffix = nameSuffix(database);
  return { app: `${plainRoles.app}_${suffix}`, definer: `${plainRoles.definer}_${suffix}` };
}

function nameSuffix(database: string): string {
  if (/^[a-z0-9_]+$/.test(database) && database.length <= suffixLengthMax) return database;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8);
  const words = database.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_');
  return `${words.slice(0, suffixLengthMax - hash.length - 1)}_${hash}`;
}

/** Replaces the plain names by the roles of a database. Pure. */
export function fillRoles(sql: string, roles: DatabaseRoles): string {
  return sql.replaceAll(
    /\btenantry_(app|definer)\b/g,
    (_name, role: keyof DatabaseRoles) => roles[role],
  );
}

/** Replaces the roles of a database by the plain names. Pure. */
export function plainNames(sql: string, roles: DatabaseRoles): string {
  return sql
    .replaceAll(new RegExp(`\\b${roles.app}\\b`, 'g'), plainRoles.app)
    .replaceAll(new RegExp(`\\b${roles.definer}\\b`, 'g'), plainRoles.definer);
}

const policySql = (policy: string) => `
  (select r.rolname::text from pg_policy p join pg_roles r on r.oid = p.polroles[1]
    where p.polrelid = to_regclass('public.users') and p.polname = '${policy}')`;

/**
 * SQL for the names of a database's roles, from the catalogue, because a database may have been cloned, renamed or
 * restored since they were named. Null if it was never migrated.
 */
export const appRoleSql = policySql('own_row');
export const definerRoleSql = policySql('definer');

/** The roles in the policies of the connected database, or null if it was never migrated. */
export async function findRoles(client: pg.ClientBase | pg.Pool): Promise<DatabaseRoles | null> {
  const { rows } = await client.query<{ app: string | null; definer: string | null }>(
    `select ${appRoleSql} as app, ${definerRoleSql} as definer`,
  );
  const { app, definer } = rows[0] ?? {};
  return app && definer ? { app, definer } : null;
}
