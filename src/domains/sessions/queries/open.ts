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

/** One that a user opens for itself. */
export type NewOwnSession = NewSession & {
  /** How many of the user's may be open, this one included. */
  perUserMax: number;
  /** For the audit log of those that end by it. */
  requestId: string;
};

/** When its user proved who they are, and how long that is good. */
export type SignInTimes = {
  authenticatedSecondsAgo: number;
  /** The end of the sign-in that a session goes on from; null where there is none. */
  notAfter: Date | null;
};

/** The first arguments of both functions that open one. */
const listArguments = (session: NewOwnSession) => Prisma.sql`
  ${session.userId}::uuid, ${session.tenantId}::uuid, ${session.tokenHash}, ${session.ip}::inet,
  ${session.userAgent}, ${session.place}, ${session.idleTimeoutSeconds}::int,
  ${session.absoluteTimeoutSeconds}::int, ${session.perUserMax}::int, ${session.requestId}`;

/**
 * Opens a session in its user's own scope, by the database's clock. Beyond `perUserMax` those that were
 * used longest ago end.
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

/** A password that has proven right. */
export type ProvenPassword = {
  checkedHash: string;
  /** The hash to store instead, if any. */
  newHash: string | null;
  /** The budget that bears the reserved attempt. */
  account: string;
};

/**
 * All that a sign-in does after its hash, whole or not at all; in its user's own scope. Null, with nothing
 * done, where the password has been changed meanwhile.
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

/**
 * Opens a session in which somebody acts as somebody else, by the database's clock. Null where the
 * database does not allow it (check_impersonation() in the migrations).
 */
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
