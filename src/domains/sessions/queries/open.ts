import type { Session, User } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import { Prisma } from '../../../db/generated/client.ts';
import type { TokenHash } from '../../../lib/token.ts';
import { sessionColumns } from '../queries.ts';
import { type SessionOfUserRow, sessionOfUserColumns, toSessionOfUser } from './check.ts';

/** Values of a new session. */
export type NewSession = {
  userId: string;
  tenantId: string | null;
  tokenHash: TokenHash;
  ip: string | null;
  userAgent: string | null;
  place: string | null;
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
};

/** Values of a session that users open for themselves. */
export type NewOwnSession = NewSession & {
  /** Maximum number of sessions of the user, including this one. */
  perUserMax: number;
  /** For the audit entries of sessions that end because of the maximum. */
  requestId: string;
};

/** The time of the sign-in, and the latest expiry. */
export type SignInTimes = {
  authenticatedSecondsAgo: number;
  /** The expiry of the session that this one continues; null for a new sign-in. */
  notAfter: Date | null;
};

/** The first arguments of open_session() and sign_in(). */
const listArguments = (session: NewOwnSession) => Prisma.sql`
  ${session.userId}::uuid, ${session.tenantId}::uuid, ${session.tokenHash}, ${session.ip}::inet,
  ${session.userAgent}, ${session.place}, ${session.idleTimeoutSeconds}::int,
  ${session.absoluteTimeoutSeconds}::int, ${session.perUserMax}::int, ${session.requestId}`;

/**
 * Opens a session in its user's own scope, by the database's clock. Beyond `perUserMax` the least recently used ones
 * end.
 */
export async function createSession(
  tx: Db,
  session: NewOwnSession,
  { authenticatedSecondsAgo, notAfter }: SignInTimes,
): Promise<Session> {
  const [created] = await tx.$queryRaw<[Session]>`
    select ${sessionColumns}
    from open_session(${listArguments(session)}, ${authenticatedSecondsAgo}::int,
      ${notAfter}::timestamptz) s`;
  return created;
}

/** A password that was checked successfully. */
export type ProvenPassword = {
  checkedHash: string;
  /** The hash to store instead, if any. */
  newHash: string | null;
  /** The budget in which the attempt was counted. */
  account: string;
};

/**
 * Does all that a sign-in does after its hash, in one transaction and the user's own scope. Returns null, with nothing
 * done, if the password has changed since.
 */
export async function completeSignIn(
  db: Db,
  session: NewOwnSession,
  { checkedHash, newHash, account }: ProvenPassword,
): Promise<{ session: Session; user: User } | null> {
  const [row] = await db.$queryRaw<SessionOfUserRow[]>`
    select ${sessionOfUserColumns}
    from sign_in(${listArguments(session)}, ${checkedHash}, ${newHash}, ${account})`;
  return row ? toSessionOfUser(row) : null;
}

/** Opens an impersonation session, by the database's clock. Returns null if check_impersonation() does not allow it. */
export async function createImpersonation(
  tx: Db,
  session: NewSession & { impersonatorId: string },
): Promise<Session | null> {
  const [created] = await tx.$queryRaw<Session[]>`
    insert into sessions as s (user_id, tenant_id, token_hash, ip, user_agent, place, impersonator_id,
      authenticated_at, idle_timeout_seconds, expires_at)
    values (${session.userId}::uuid, ${session.tenantId}::uuid, ${session.tokenHash}, ${session.ip}::inet,
      ${session.userAgent}, ${session.place}, ${session.impersonatorId}::uuid, now(),
      ${session.idleTimeoutSeconds}::int,
      now() + make_interval(secs => ${session.absoluteTimeoutSeconds}::int))
    returning ${sessionColumns}`;
  return created ?? null;
}
