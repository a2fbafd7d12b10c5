import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Log, silentLog } from '../../lib/log.ts';
import { formatPostgresUrl, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { runOn, takeAdvisoryLock } from '../advisory-lock.ts';
import { createClient } from '../connection/connect.ts';
import { explainConnection } from '../connection/explain-connection.ts';
import { openOwnerClient } from '../connection/owner-client.ts';
import { findRoles } from '../roles.ts';

/** The application_name of the connections during the start. */
const name = 'tenantry-start';

/** The serving login does not work. The message says what to do. */
export class AppRoleError extends Error {
  override readonly name = 'AppRoleError';
}

/**
 * Returns the url of the serving login for the same database. Gives the role LOGIN and its derived password if it
 * cannot log in yet; otherwise changes nothing, so it may run at every start and concurrently. The migrations must
 * have created the role. Throws AppRoleError.
 */
export async function ensureAppRole(ownerUrl: string, log: Log = silentLog): Promise<string> {
  const owner = await openOwnerClient(ownerUrl);
  try {
    const roles = await findRoles(owner);
    if (!roles) throw new AppRoleError('there is no serving login yet: run the migrations first');
    const appUrl = buildAppUrl(ownerUrl, roles.app);
    const works = async () => (await mayLogIn(owner, roles.app)) && (await canLogIn(appUrl));
    if (await works()) return appUrl;
    await takeAdvisoryLock(runOn(owner), 'serving login', { log });
    if (!(await works())) await allowLogin(owner, ownerUrl, roles.app);
    if (await canLogIn(appUrl)) return appUrl;
    throw new AppRoleError(
      `the server rejects ${roles.app} although its password was just set: see its pg_hba.conf, ` +
        'or set DATABASE_APP_URL to a login of your own',
    );
  } finally {
    await owner.end();
  }
}

/** Checks before trying the login, because a pooler makes clients wait after a rejected login. */
async function mayLogIn(owner: pg.Client, role: string): Promise<boolean> {
  const { rows } = await owner.query<{ mayLogIn: boolean }>(
    'select rolcanlogin as "mayLogIn" from pg_roles where rolname = $1',
    [role],
  );
  return rows[0]?.mayLogIn ?? false;
}

/** The url with the serving login in place of the owner. Pure. */
export function buildAppUrl(ownerUrl: string, appRole: string): string {
  const owner = parsePostgresUrl(ownerUrl);
  const password = buildAppPassword(ownerUrl, appRole);
  return formatPostgresUrl({ ...owner, user: appRole, password });
}

/**
 * base64url(HMAC-SHA-256 of the role's name with the owner's password as key), so each database of an owner has its own
 * password. Knowing the owner's password permits more than this login anyway, and there is no second secret to keep.
 * Pure.
 */
export function buildAppPassword(ownerUrl: string, appRole: string): string {
  const { password } = parsePostgresUrl(ownerUrl);
  return createHmac('sha256', password ?? '')
    .update(appRole)
    .digest('base64url');
}

/**
 * The SCRAM verifier that PostgreSQL stores for a password (RFC 5802 and 7677; PostgreSQL's scram-common.c). Computed
 * here, so that the password appears in no log and no pg_stat_statements. 4,096 iterations are the server's default,
 * which is enough for a random password.
 */
export function buildScramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const iterations = 4_096;
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const sign = (label: string) => createHmac('sha256', salted).update(label).digest();
  const storedKey = createHash('sha256').update(sign('Client Key')).digest('base64');
  const serverKey = sign('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

async function allowLogin(owner: pg.Client, ownerUrl: string, appRole: string): Promise<void> {
  const verifier = owner.escapeLiteral(buildScramVerifier(buildAppPassword(ownerUrl, appRole)));
  try {
    await owner.query(`alter role ${pg.escapeIdentifier(appRole)} with login password ${verifier}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AppRoleError(
      `the serving login ${appRole} could not be set up (${message}): ` +
        'let the owner alter that role, or set DATABASE_APP_URL to a login of your own',
      { cause: error },
    );
  }
}

/** Whether the server accepts the login. Throws ConnectionError for any other error. */
export async function canLogIn(url: string): Promise<boolean> {
  const client = createClient(url, { name });
  try {
    await client.connect();
    return true;
  } catch (error) {
    // invalid_authorization_specification and invalid_password: PostgreSQL's list of error codes.
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === '28000' || code === '28P01') return false;
    throw explainConnection(error, url);
  } finally {
    await client.end().catch(() => undefined);
  }
}
