import pg from 'pg';
import type { Log } from '../../lib/log.ts';
import { type DatabaseRoles, findRoles, nameRoles, plainRoles } from '../roles.ts';
import { MigrationError } from './migration-error.ts';
import { moveRoles } from './move-roles.ts';

// Decision 039: each database has two roles.

/** The current roles of the connected database, and the wanted ones. */
export type RolesState = {
  database: string;
  found: DatabaseRoles | null;
  wanted: DatabaseRoles;
  /** Names, memberships and the permission to connect are all as wanted. */
  isSettled: boolean;
};

/**
 * Reads the state; changes nothing. `rolesOf` names the database whose roles it gets, if it is about to replace that
 * database. Throws MigrationError (`roles`) for a database from before such roles existed.
 */
export async function readRolesState(session: pg.Pool, rolesOf?: string): Promise<RolesState> {
  const { rows } = await session.query<{ database: string }>(
    'select current_database() as database',
  );
  const database = rows[0]?.database ?? '';
  const wanted = nameRoles(rolesOf ?? database);
  const found = await findRoles(session);
  if (found?.definer === plainRoles.definer) throw createRolesError(describeOldShape);
  const isNamed = found?.app === wanted.app && found.definer === wanted.definer;
  return { database, found, wanted, isSettled: isNamed && (await isReady(session, wanted)) };
}

/**
 * Gives the connected database its roles: creates them for a new database, renames them after a database was renamed,
 * and moves all grants to new ones if it was cloned and another database uses the old ones.
 * All or nothing. Call it under the migration lock. Throws MigrationError (`roles`), whose message says what to run.
 */
export async function settleRoles(session: pg.Pool, state: RolesState, log: Log): Promise<void> {
  const client = await session.connect();
  try {
    await client.query('begin');
    await settle(client, state);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    if (!(error instanceof pg.DatabaseError)) throw error;
    const remedy = error.code === '42501' ? `: ${await describeRemedy(client, state)}` : '';
    throw createRolesError(`${error.message}${remedy}`, error);
  } finally {
    client.release();
  }
  const { found, wanted } = state;
  if (found && found.app !== wanted.app) {
    log.info({ from: found.app, to: wanted.app }, 'database got its own roles');
  }
}

async function settle(client: pg.ClientBase, state: RolesState): Promise<void> {
  const { found, wanted } = state;
  if (!found) await createRoles(client, state);
  else if (found.app !== wanted.app || found.definer !== wanted.definer) {
    await replaceRoles(client, found, state);
  }
  await letOwnerActAs(client, wanted);
  await restrictConnections(client, state);
}

/** Renamed roles keep members, passwords and settings. Roles of another database stay as they are. */
async function replaceRoles(client: pg.ClientBase, found: DatabaseRoles, state: RolesState) {
  const { wanted } = state;
  const isTheirs = (await findOtherUser(client, found, state)) !== null;
  if (!isTheirs) await freeNames(client, state);
  if (!isTheirs && !(await hasRole(client, wanted.app))) {
    await client.query(`alter role ${found.app} rename to ${wanted.app}`);
    await client.query(`alter role ${found.definer} rename to ${wanted.definer}`);
    return;
  }
  await createRoles(client, state);
  await letOwnerActAs(client, found);
  await letOwnerActAs(client, wanted);
  await moveRoles(client, { from: found, to: wanted });
  if (!isTheirs) await dropUnused(client, found);
}

/** Drops roles that nothing refers to. Grants by a superuser's extension keep them. */
async function dropUnused(client: pg.ClientBase, roles: DatabaseRoles): Promise<void> {
  const { rows } = await client.query<{ role: string }>(
    `select quote_ident(r.rolname) as role from pg_roles r
     where r.rolname = any($1) and pg_has_role(r.oid, 'member with admin option')
       and not exists (select from pg_shdepend s where s.refobjid = r.oid)`,
    [Object.values(roles)],
  );
  for (const { role } of rows) await client.query(`drop role ${role}`);
}

/** A role left over from a dropped database may have unknown members, so it is recreated. */
async function createRoles(client: pg.ClientBase, state: RolesState): Promise<void> {
  await freeNames(client, state);
  for (const role of Object.values(state.wanted)) {
    if (await hasRole(client, role)) continue;
    await client.query(
      `create role ${role} nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls`,
    );
  }
}

type LeftOver = { mayDrop: boolean; mayAct: boolean; stranger: string | null };

/**
 * Another login that may grant the role `r` to itself at any time, such as its creator, who granted it to this owner.
 * Superusers and members of the owner `me` are excluded: they have its permissions anyway.
 */
const strangerSql = `(
  select quote_ident(o.rolname) from pg_roles o
  where not o.rolsuper and o.oid <> r.oid
    and pg_has_role(o.oid, r.oid, 'member with admin option') and not pg_has_role(o.oid, me.oid, 'member')
  order by o.rolname limit 1)`;

/** Drops leftover roles of these names. Roles that a superuser created for this owner alone stay. */
async function freeNames(client: pg.ClientBase, state: RolesState): Promise<void> {
  const { wanted, database } = state;
  const isShared = nameRoles(database).app !== wanted.app;
  const user = isShared ? null : await findOtherUser(client, wanted, state);
  if (user) throw createRolesError(describeTaken(wanted, user));
  for (const role of isShared ? [] : Object.values(wanted)) await freeName(client, role);
}

async function freeName(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<LeftOver>(
    `select (me.rolsuper or me.rolcreaterole) and pg_has_role(r.oid, 'member with admin option')
       as "mayDrop", pg_has_role(r.oid, 'set') as "mayAct", ${strangerSql} as stranger
     from pg_roles r cross join pg_roles me
     where r.rolname = $1 and me.rolname = current_user`,
    [role],
  );
  for (const { mayDrop, mayAct, stranger } of rows) {
    if (mayDrop) await client.query(`drop role ${role}`);
    else if (!mayAct) throw createRolesError(describeLeftOver(role));
    else if (stranger !== null) throw createRolesError(describeShared(role, stranger));
  }
}

async function hasRole(client: pg.ClientBase, role: string): Promise<boolean> {
  return (await client.query('select from pg_roles where rolname = $1', [role])).rowCount === 1;
}

/** Another database in which one of the roles owns objects or has grants, or null. */
async function findOtherUser(
  client: pg.ClientBase,
  roles: DatabaseRoles,
  { database }: RolesState,
): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct d.datname::text as name
     from pg_shdepend s
     join pg_roles r on r.oid = s.refobjid
     join pg_database d on d.oid = s.dbid
       or (s.dbid = 0 and s.classid = 'pg_database'::regclass and s.objid = d.oid)
     where s.refclassid = 'pg_authid'::regclass and r.rolname = any($1) and d.datname <> $2
     order by 1 limit 1`,
    [Object.values(roles), database],
  );
  return rows[0]?.name ?? null;
}

/** An owner that is no superuser needs the permissions of the definer, and commands assume the serving role. */
async function letOwnerActAs(
  client: pg.ClientBase,
  { app, definer }: DatabaseRoles,
): Promise<void> {
  const { rows } = await client.query<{ hasDefiner: boolean; hasApp: boolean; owner: string }>(
    `select pg_has_role($1, 'usage') and pg_has_role($1, 'set') as "hasDefiner",
       pg_has_role($2, 'set') as "hasApp", quote_ident(current_user) as owner`,
    [definer, app],
  );
  for (const { hasDefiner, hasApp, owner } of rows) {
    if (!hasDefiner) await client.query(`grant ${definer} to ${owner} with inherit true, set true`);
    if (!hasApp) await client.query(`grant ${app} to ${owner} with inherit false, set true`);
  }
}

/**
 * Restricts connections to the owner, the serving role and its members. Only the owner of the database can do that;
 * if somebody else owns the tables, nothing changes.
 */
async function restrictConnections(client: pg.ClientBase, state: RolesState): Promise<void> {
  if (!(await isOpen(client, state.wanted))) return;
  const database = pg.escapeIdentifier(state.database);
  await client.query(`grant connect on database ${database} to ${state.wanted.app}`);
  await client.query(`revoke connect on database ${database} from public`);
}

/** True until the serving role may connect; later grants to others stay. */
async function isOpen(client: pg.ClientBase | pg.Pool, { app }: DatabaseRoles): Promise<boolean> {
  const { rows } = await client.query<{ isOpen: boolean }>(
    `select pg_has_role(d.datdba, 'usage') and not exists (
       select from aclexplode(d.datacl) a join pg_roles r on r.oid = a.grantee
       where a.privilege_type = 'CONNECT' and r.rolname = $1
     ) as "isOpen"
     from pg_database d where d.datname = current_database()`,
    [app],
  );
  return rows[0]?.isOpen ?? false;
}

async function isReady(session: pg.Pool, roles: DatabaseRoles): Promise<boolean> {
  const { rows } = await session.query<{ mayAct: boolean }>(
    `select pg_has_role($1, 'usage') and pg_has_role($1, 'set') and pg_has_role($2, 'set') as "mayAct"`,
    [roles.definer, roles.app],
  );
  return rows[0]?.mayAct === true && !(await isOpen(session, roles));
}

function createRolesError(message: string, cause?: unknown): MigrationError {
  return new MigrationError('roles', message, { cause });
}

const describeOldShape =
  'this database is from before the first release, when roles were not named after their database: ' +
  'create a new database';

function describeTaken({ app, definer }: DatabaseRoles, user: string): string {
  return (
    `the roles ${app} and ${definer} belong to the database "${user}", which was renamed: ` +
    'run "tenantry migrate" there first, which renames its roles'
  );
}

function describeLeftOver(role: string): string {
  return (
    `the role ${role} is left over from a database of another owner: ` +
    `as that owner or a superuser run: drop role ${role}`
  );
}

function describeShared(role: string, stranger: string): string {
  return (
    `the role ${role} exists already, and ${stranger} may grant it to anybody: ` +
    `as a superuser run: drop role ${role}`
  );
}

/** The statements that a superuser has to run if the owner has no permission. */
async function describeRemedy(client: pg.ClientBase, state: RolesState): Promise<string> {
  const { found, wanted } = state;
  const { rows } = await client.query<{ owner: string; mayCreate: boolean }>(
    `select quote_ident(rolname) as owner, rolcreaterole or rolsuper as "mayCreate"
     from pg_roles where rolname = current_user`,
  );
  const { owner = '', mayCreate = false } = rows[0] ?? {};
  if (!mayCreate) return `as a superuser run: alter role ${owner} createrole`;
  if (found && found.app !== wanted.app) {
    return 'this database was cloned, renamed or restored: run "tenantry migrate" once with the URL of a superuser';
  }
  return (
    `as a superuser run: grant ${wanted.definer} to ${owner} with admin option, inherit true, set true; ` +
    `grant ${wanted.app} to ${owner} with admin option, inherit false, set true`
  );
}
