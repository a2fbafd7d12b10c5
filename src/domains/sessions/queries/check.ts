import type { LiveSession, SessionQuery } from '../../../core/access/live-session.ts';
import type { Session, User } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import { Prisma } from '../../../db/generated/client.ts';
import type { RawReader } from '../../../db/raw-reader.ts';

/** A session joined with its user; columns of the same name are prefixed. */
export type SessionOfUserRow = Omit<User, 'id' | 'createdAt'> &
  Omit<Session, 'id' | 'tenantId' | 'createdAt'> & {
    sessionId: string;
    sessionTenantId: string | null;
    sessionCreatedAt: Date;
    userCreatedAt: Date;
  };

/** Its columns, as returned by database functions. */
export const sessionOfUserColumns = Prisma.sql`
  session_id as "sessionId", session_tenant_id as "sessionTenantId", ip, user_agent as "userAgent",
  place, impersonator_id as "impersonatorId",
  authenticated_seconds_ago as "authenticatedSecondsAgo", session_created_at as "sessionCreatedAt",
  last_seen_at as "lastSeenAt", idle_expires_at as "idleExpiresAt", expires_at as "expiresAt",
  user_id as "userId", email, email_verified_at as "emailVerifiedAt", name,
  avatar_url as "avatarUrl", locale, status, is_platform_admin as "isPlatformAdmin", metadata,
  last_sign_in_at as "lastSignInAt", user_created_at as "userCreatedAt"`;

type LiveSessionRow = SessionOfUserRow & {
  ordinal: number;
  accessTenantId: string | null;
  accessMembershipId: string | null;
  accessPermissions: string[] | null;
  needsTouch: boolean;
};

export type CheckedSession = LiveSession & { needsTouch: boolean };

/** Checks many sessions with one statement. Returns results in the order of the queries; null for an invalid token. */
export async function listLiveSessions(
  db: RawReader,
  asks: readonly SessionQuery[],
): Promise<(CheckedSession | null)[]> {
  const rows = await db.$queryRaw<LiveSessionRow[]>`
    select ordinal::int as ordinal, ${sessionOfUserColumns},
      access_tenant_id as "accessTenantId", access_membership_id as "accessMembershipId",
      access_permissions as "accessPermissions", needs_touch as "needsTouch"
    from find_live_sessions(${asks.map(({ tokenHash }) => tokenHash)}::bytea[],
      ${asks.map(({ tenantId }) => tenantId)}::uuid[])`;
  const answers: (CheckedSession | null)[] = asks.map(() => null);
  for (const row of rows) answers[row.ordinal - 1] = toCheckedSession(row);
  return answers;
}

export function toSessionOfUser(row: SessionOfUserRow): { session: Session; user: User } {
  return {
    session: {
      id: row.sessionId,
      userId: row.userId,
      tenantId: row.sessionTenantId,
      ip: row.ip,
      userAgent: row.userAgent,
      place: row.place,
      impersonatorId: row.impersonatorId,
      authenticatedSecondsAgo: row.authenticatedSecondsAgo,
      createdAt: row.sessionCreatedAt,
      lastSeenAt: row.lastSeenAt,
      idleExpiresAt: row.idleExpiresAt,
      expiresAt: row.expiresAt,
    },
    user: {
      id: row.userId,
      email: row.email,
      emailVerifiedAt: row.emailVerifiedAt,
      name: row.name,
      avatarUrl: row.avatarUrl,
      locale: row.locale,
      status: row.status,
      isPlatformAdmin: row.isPlatformAdmin,
      metadata: row.metadata,
      lastSignInAt: row.lastSignInAt,
      createdAt: row.userCreatedAt,
    },
  };
}

function toCheckedSession(row: LiveSessionRow): CheckedSession {
  const { accessTenantId, accessMembershipId, accessPermissions } = row;
  return {
    ...toSessionOfUser(row),
    access:
      accessTenantId && accessMembershipId
        ? {
            tenantId: accessTenantId,
            membershipId: accessMembershipId,
            permissions: accessPermissions ?? [],
          }
        : null,
    needsTouch: row.needsTouch,
  };
}

/** Records the use of sessions just now. */
export async function touchSessions(db: Db, sessionIds: readonly string[]): Promise<void> {
  await db.$queryRaw`select touch_sessions(${sessionIds}::uuid[])::text`;
}
