import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { formatPostgresUrl, parsePostgresUrl } from '../lib/postgres-url.ts';
import { connect } from './connection/connect.ts';
import { type DatabaseRoles, nameRoles } from './roles.ts';

/** A database cannot be replaced. The message says what to do. */
export class ReplaceError extends Error {
  override readonly name = 'ReplaceError';
}

/** How to fill the new database, and the roles that its content refers to. */
export type Replacement = {
  roles: DatabaseRoles;
  fill: (url: string) => Promise<void>;
};

/**
 * Fills a new database beside the one of the url, then swaps their names in one transaction, so that no client sees a
 * partly filled one. Returns the new name of the replaced database, or null if there was none. Requires a superuser.
 * Throws ReplaceError if a client is still connected, and what `fill` throws; nothing is changed then.
 */
export async function replaceDatabase(
  ownerUrl: string,
  { roles, fill }: Replacement,
): Promise<string | null> {
  const name = readDatabaseName(ownerUrl);
  const stagingName = `${name}_restoring_${randomBytes(4).toString('hex')}`;
  const admin = await connect(nameDatabase(ownerUrl, 'postgres'), { name: 'tenantry-restore' });
  try {
    for (const pair of [roles, nameRoles(name)]) await verifyNoStranger(admin, pair);
    await createRoles(admin, roles);
    await admin.query(`create database ${pg.escapeIdentifier(stagingName)} template template0`);
    await fill(nameDatabase(ownerUrl, stagingName));
    return await swapNames(admin, name, stagingName);
  } catch (error) {
    const drop = `drop database if exists ${pg.escapeIdentifier(stagingName)} with (force)`;
    await admin.query(drop).catch(() => undefined);
    throw error;
  } finally {
    await admin.end();
  }
}

/** Pure. */
export function readDatabaseName(url: string): string {
  return parsePostgresUrl(url).database;
}

/** The url of another database of the same server, for the same login. Pure. */
export function nameDatabase(ownerUrl: string, name: string): string {
  return formatPostgresUrl({ ...parsePostgresUrl(ownerUrl), database: name });
}

/** The login of a url and the server; `version` as in server_version_num. */
export async function readServerFacts(
  url: string,
): Promise<{ login: string; isSuperuser: boolean; version: number }> {
  const client = await connect(url, { name: 'tenantry-operator' });
  try {
    const { rows } = await client.query<{ login: string; isSuperuser: boolean; version: number }>(
      `select rolname as login, rolsuper as "isSuperuser",
         current_setting('server_version_num')::int as version
       from pg_roles where rolname = session_user`,
    );
    return rows[0] ?? { login: '', isSuperuser: false, version: 0 };
  } finally {
    await client.end();
  }
}

/**
 * Throws ReplaceError if a role exists already and can be granted by a login that is neither a superuser nor the owner
 * of the database that the role is named after.
 */
async function verifyNoStranger(admin: pg.Client, roles: DatabaseRoles): Promise<void> {
  const { rows } = await admin.query<{ role: string; stranger: string; databases: string[] }>(
    `select r.rolname::text as role, quote_ident(o.rolname) as stranger,
       array(select d.datname::text from pg_database d where pg_has_role(o.oid, d.datdba, 'member')) as databases
     from pg_roles r join pg_roles o on pg_has_role(o.oid, r.oid, 'member with admin option')
     where r.rolname = any($1) and not o.rolsuper and o.oid <> r.oid`,
    [Object.values(roles)],
  );
  for (const { role, stranger, databases } of rows) {
    if (databases.some((database) => Object.values(nameRoles(database)).includes(role))) continue;
    throw new ReplaceError(
      `the role ${role} exists already, and ${stranger} may grant it to anybody: run: drop role ${role}`,
    );
  }
}

/** Creates the roles, which a new server does not have yet. */
async function createRoles(admin: pg.Client, roles: DatabaseRoles): Promise<void> {
  for (const role of Object.values(roles)) {
    const found = await admin.query('select from pg_roles where rolname = $1', [role]);
    if (found.rowCount === 0) {
      await admin.query(`create role ${pg.escapeIdentifier(role)} nologin noinherit`);
    }
  }
}

async function swapNames(admin: pg.Client, name: string, stagingName: string) {
  const aside = `${name}_before_${new Date().toISOString().replaceAll(/[^0-9TZ]/g, '')}`;
  const found = await admin.query('select from pg_database where datname = $1', [name]);
  const isReplacing = found.rowCount === 1;
  const rename = (from: string, to: string) =>
    admin.query(`alter database ${pg.escapeIdentifier(from)} rename to ${pg.escapeIdentifier(to)}`);
  try {
    await admin.query('begin');
    if (isReplacing) await rename(name, aside);
    await rename(stagingName, name);
    await admin.query('commit');
  } catch (error) {
    await admin.query('rollback');
    throw new ReplaceError(
      `the database ${name} cannot be replaced (${error instanceof Error ? error.message : error}): ` +
        'stop all servers that use it; nothing was changed',
      { cause: error },
    );
  }
  return isReplacing ? aside : null;
}
