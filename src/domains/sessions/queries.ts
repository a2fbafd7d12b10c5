import type { LiveSession, SessionAsk } from '../../core/live-session.ts';
import type { CursorKey, PageRequest } from '../../core/page.ts';
import type { Session, User, UserStatus } from '../../core/records.ts';
import type { SignInLimits } from '../../core/runtime.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

const sessionColumns = Prisma.sql`
  s.id, s.user_id as "userId", s.tenant_id as "tenantId", host(s.ip) as ip,
  s.user_agent as "userAgent", s.impersonator_id as "impersonatorId", s.created_at as "createdAt", s.last_seen_at as "lastSeenAt",
  s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) as "idleExpiresAt",
  s.expires_at as "expiresAt"`;

const isLive = Prisma.sql`
  s.expires_at > now() and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()`;

/** What the login by e-mail finds. */
export type StoredPassword = {
  userId: string;
  status: UserStatus;
  isPlatformAdmin: boolean;
  passwordHash: string;
};

/** The credentials behind a canonical e-mail address, or null. */
export async function findCredentials(db: Db, email: string): Promise<StoredPassword | null> {
  const [found] = await db.$queryRaw<StoredPassword[]>`
    select user_id as "userId", status, is_platform_admin as "isPlatformAdmin",
      password_hash as "passwordHash"
    from find_credentials(${email})`;
  return found ?? null;
}

export type NewSession = {
  userId: string;
  tenantId: string | null;
  tokenHash: Uint8Array;
  ip: string | null;
  userAgent: string | null;
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
  /** The end of the sign-in that this session goes on from, if it does. */
  notAfter: Date | null;
};

/** Opens a session; its times are those of the database's clock. */
export async function createSession(tx: Db, session: NewSession): Promise<Session> {
  const [created] = await tx.$queryRaw<[Session]>`
    insert into sessions as s (user_id, tenant_id, token_hash, ip, user_agent, idle_timeout_seconds, expires_at)
    values (${session.userId}::uuid, ${session.tenantId}::uuid, ${session.tokenHash}, ${session.ip}::inet,
      ${session.userAgent}, ${session.idleTimeoutSeconds}::int,
      least(now() + make_interval(secs => ${session.absoluteTimeoutSeconds}::int),
        ${session.notAfter}::timestamptz))
    returning ${sessionColumns}`;
  return created;
}

/** Keeps the `kept` sessions of a user that were used last, and ends the rest; answers their ids. */
export async function deleteSurplusSessions(
  tx: Db,
  userId: string,
  kept: number,
): Promise<string[]> {
  const ended = await tx.$queryRaw<{ id: string }[]>`
    delete from sessions s where s.user_id = ${userId}::uuid and s.id in (
      select o.id from sessions o where o.user_id = ${userId}::uuid
      order by o.last_seen_at desc, o.id desc offset ${kept}::int)
    returning s.id`;
  return ended.map(({ id }) => id);
}

/** An attempt to prove a password, and what is borne. */
export type SignInAttempt = {
  account: string;
  source: string | null;
  isKnownDevice: boolean;
  limits: SignInLimits;
};

/** Counts the attempt. 0: go ahead; more: seconds to wait; -1: shut until a reset. */
export async function reserveSignIn(db: Db, attempt: SignInAttempt): Promise<number> {
  const { account, source, isKnownDevice, limits } = attempt;
  const [row] = await db.$queryRaw<[{ seconds: number }]>`
    select reserve_sign_in(${account}, ${source}::inet, ${isKnownDevice}, ${limits.freeFailures}::int,
      ${limits.consecutiveMax}::int, ${limits.sourceFailuresMax}::int,
      ${limits.windowSeconds}::int) as seconds`;
  return row.seconds;
}

/** Counts a sign-up of a source. 0: go ahead; more: seconds to wait. */
export async function reserveSignUp(
  db: Db,
  source: string | null,
  { signUpsMax, windowSeconds }: SignInLimits,
): Promise<number> {
  const [row] = await db.$queryRaw<[{ seconds: number }]>`
    select reserve_sign_up(${source}::inet, ${signUpsMax}::int, ${windowSeconds}::int) as seconds`;
  return row.seconds;
}

export async function releaseSignIn(tx: Db, account: string, source: string | null): Promise<void> {
  await tx.$queryRaw`select release_sign_in(${account}, ${source}::inet)::text`;
}

/** Remembers the sign-in on the user and its memberships. */
export async function noteSignIn(tx: Db, userId: string): Promise<void> {
  await tx.$queryRaw`select note_sign_in(${userId}::uuid)::text`;
}

/** The current password hash of the scope's user. */
export async function findPasswordHash(db: Db, userId: string): Promise<string | null> {
  const credential = await db.passwordCredential.findFirst({
    where: { userId },
    select: { passwordHash: true },
  });
  return credential?.passwordHash ?? null;
}

export async function createPassword(tx: Db, userId: string, passwordHash: string): Promise<void> {
  await tx.passwordCredential.createMany({ data: [{ userId, passwordHash }] });
}

/**
 * Holds the password as it was checked until the transaction ends; false when it has been changed
 * meanwhile, so that nobody gets in with one that is no longer good.
 */
export async function lockPassword(tx: Db, userId: string, checkedHash: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select c.user_id::text from password_credentials c
    where c.user_id = ${userId}::uuid and c.password_hash = ${checkedHash} for share`;
  return rows.length > 0;
}

/** Replaces the password that was checked; false when it has been changed meanwhile. */
export async function updatePassword(
  tx: Db,
  userId: string,
  { from, to }: { from: string; to: string },
): Promise<boolean> {
  const updated = await tx.$executeRaw`
    update password_credentials c set password_hash = ${to}, changed_at = now()
    where c.user_id = ${userId}::uuid and c.password_hash = ${from}`;
  return updated > 0;
}

/** Ends one session and answers whose; null when the scope shows none with this id, tenant and user (if asked). */
export async function deleteSession(
  tx: Db,
  sessionId: string,
  { tenantId, userId }: { tenantId?: string | null; userId?: string } = {},
): Promise<string | null> {
  const [ended] = await tx.$queryRaw<{ userId: string }[]>`
    delete from sessions s where s.id = ${sessionId}::uuid
      ${tenantId === undefined ? Prisma.empty : Prisma.sql`and s.tenant_id is not distinct from ${tenantId}::uuid`}
      ${userId === undefined ? Prisma.empty : Prisma.sql`and s.user_id = ${userId}::uuid`}
    returning s.user_id as "userId"`;
  return ended?.userId ?? null;
}

/** Which sessions of a user to end. */
export type SessionSelection = {
  userId: string;
  tenantId?: string | null | undefined;
  exceptId?: string | null | undefined;
};

/** Ends sessions and answers how many. */
export async function deleteSessions(tx: Db, selection: SessionSelection): Promise<number> {
  const { userId, tenantId, exceptId } = selection;
  const { count } = await tx.session.deleteMany({
    where: {
      userId,
      ...(tenantId == null ? {} : { tenantId }),
      ...(exceptId == null ? {} : { NOT: { id: exceptId } }),
    },
  });
  return count;
}

/** One more than a page of live sessions, newest first. */
export function listSessions(
  db: Db,
  of: { userId: string } | { tenantId: string },
  request: PageRequest,
): Promise<Session[]> {
  const owner =
    'userId' in of
      ? Prisma.sql`s.user_id = ${of.userId}::uuid`
      : Prisma.sql`s.tenant_id = ${of.tenantId}::uuid`;
  const { after, before, isBackward } = request;
  return db.$queryRaw<Session[]>`
    select ${sessionColumns} from sessions s
    where ${owner} and ${isLive}
      ${after ? Prisma.sql`and s.id < ${after[0]}::uuid` : Prisma.empty}
      ${before ? Prisma.sql`and s.id > ${before[0]}::uuid` : Prisma.empty}
    order by s.id ${isBackward ? Prisma.sql`asc` : Prisma.sql`desc`}
    limit ${request.size + 1}`;
}

export function toSessionKey(session: Session): CursorKey {
  return [session.id];
}

/** A live session of the scope by id and the tenant that it is bound to, or null. */
export async function findSession(
  db: Db,
  { id, tenantId }: Pick<Session, 'id' | 'tenantId'>,
): Promise<Session | null> {
  const [session] = await db.$queryRaw<Session[]>`
    select ${sessionColumns} from sessions s
    where s.id = ${id}::uuid and s.tenant_id is not distinct from ${tenantId}::uuid and ${isLive}`;
  return session ?? null;
}

type LiveSessionRow = Omit<User, 'id' | 'createdAt'> &
  Omit<Session, 'id' | 'tenantId' | 'createdAt'> & {
    ordinal: bigint;
    sessionId: string;
    sessionTenantId: string | null;
    sessionCreatedAt: Date;
    userCreatedAt: Date;
    accessTenantId: string | null;
    accessMembershipId: string | null;
    accessPermissions: string[] | null;
    needsTouch: boolean;
  };

export type CheckedSession = LiveSession & { needsTouch: boolean };

/** Answers many session checks with one statement, in the order asked, null for what is not good. */
export async function listLiveSessions(
  db: Db,
  asks: readonly SessionAsk[],
): Promise<(CheckedSession | null)[]> {
  const rows = await db.$queryRaw<LiveSessionRow[]>`
    select ordinal, session_id as "sessionId", session_tenant_id as "sessionTenantId", ip,
      user_agent as "userAgent", impersonator_id as "impersonatorId",
      session_created_at as "sessionCreatedAt",
      last_seen_at as "lastSeenAt", idle_expires_at as "idleExpiresAt", expires_at as "expiresAt",
      user_id as "userId", email, email_verified_at as "emailVerifiedAt", name,
      avatar_url as "avatarUrl", locale, status, is_platform_admin as "isPlatformAdmin", metadata,
      last_sign_in_at as "lastSignInAt", user_created_at as "userCreatedAt",
      access_tenant_id as "accessTenantId", access_membership_id as "accessMembershipId",
      access_permissions as "accessPermissions", needs_touch as "needsTouch"
    from find_live_sessions(${asks.map(({ tokenHash }) => tokenHash)}::bytea[],
      ${asks.map(({ tenantId }) => tenantId)}::uuid[])`;
  const answers: (CheckedSession | null)[] = asks.map(() => null);
  for (const row of rows) answers[Number(row.ordinal) - 1] = toCheckedSession(row);
  return answers;
}

function toCheckedSession(row: LiveSessionRow): CheckedSession {
  const { accessTenantId, accessMembershipId, accessPermissions } = row;
  return {
    session: {
      id: row.sessionId,
      userId: row.userId,
      tenantId: row.sessionTenantId,
      ip: row.ip,
      userAgent: row.userAgent,
      impersonatorId: row.impersonatorId,
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

/** Notes that sessions were just used. */
export async function touchSessions(db: Db, sessionIds: readonly string[]): Promise<void> {
  await db.$queryRaw`select touch_sessions(${sessionIds}::uuid[])::text`;
}
