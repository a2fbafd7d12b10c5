import type { CursorKey, PageRequest } from '../../core/page.ts';
import type { Session, UserStatus } from '../../core/records.ts';
import type { SignInLimits } from '../../core/runtime.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

const sessionColumns = Prisma.sql`
  s.id, s.user_id as "userId", s.tenant_id as "tenantId", host(s.ip) as ip,
  s.user_agent as "userAgent", s.place, s.impersonator_id as "impersonatorId",
  seconds_since(s.authenticated_at) as "authenticatedSecondsAgo",
  s.created_at as "createdAt", s.last_seen_at as "lastSeenAt",
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
  place: string | null;
  impersonatorId: string | null;
  /** How long ago its user proved who they are. */
  authenticatedSecondsAgo: number;
  idleTimeoutSeconds: number;
  absoluteTimeoutSeconds: number;
  /** The end of the sign-in that this session goes on from, if it does. */
  notAfter: Date | null;
};

/**
 * Opens a session; its times are those of the database's clock. Null where the database allows no
 * impersonation (check_impersonation() in the migrations).
 */
export async function createSession(tx: Db, session: NewSession): Promise<Session | null> {
  const [created] = await tx.$queryRaw<Session[]>`
    insert into sessions as s (user_id, tenant_id, token_hash, ip, user_agent, place, impersonator_id,
      authenticated_at, idle_timeout_seconds, expires_at)
    values (${session.userId}::uuid, ${session.tenantId}::uuid, ${session.tokenHash}, ${session.ip}::inet,
      ${session.userAgent}, ${session.place}, ${session.impersonatorId}::uuid,
      now() - make_interval(secs => ${session.authenticatedSecondsAgo}::int),
      ${session.idleTimeoutSeconds}::int,
      least(now() + make_interval(secs => ${session.absoluteTimeoutSeconds}::int),
        ${session.notAfter}::timestamptz))
    returning ${sessionColumns}`;
  return created ?? null;
}

/**
 * Keeps the `kept` sessions of a user that were used last, and ends the rest; answers their ids. Those
 * in which somebody else acts in its name are not its own, and left alone.
 */
export async function deleteSurplusSessions(
  tx: Db,
  userId: string,
  kept: number,
): Promise<string[]> {
  const ended = await tx.$queryRaw<{ id: string }[]>`
    delete from sessions s where s.user_id = ${userId}::uuid and s.id in (
      select o.id from sessions o where o.user_id = ${userId}::uuid and o.impersonator_id is null
      order by o.last_seen_at desc, o.id desc offset ${kept}::int)
    returning s.id`;
  return ended.map(({ id }) => id);
}

/** Ends what the same impersonator opened before as the same user; answers the ids. */
export async function deleteFormerImpersonations(
  tx: Db,
  { id, userId, impersonatorId }: Pick<Session, 'id' | 'userId' | 'impersonatorId'>,
): Promise<string[]> {
  const ended = await tx.$queryRaw<{ id: string }[]>`
    delete from sessions s where s.id <> ${id}::uuid
      and s.user_id = ${userId}::uuid and s.impersonator_id = ${impersonatorId}::uuid
    returning s.id`;
  return ended.map((session) => session.id);
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

/** Which one session to end, and whose it must be if that is asked. */
export type OneSession = { id: string; tenantId?: string | null; userId?: string };

/** Ends one session and answers whose it was; null where the scope shows no such one. */
export async function deleteSession(
  tx: Db,
  { id, tenantId, userId }: OneSession,
): Promise<Pick<Session, 'userId'> | null> {
  const [ended] = await tx.$queryRaw<Pick<Session, 'userId'>[]>`
    delete from sessions s where s.id = ${id}::uuid
      and (${tenantId === undefined} or s.tenant_id is not distinct from ${tenantId ?? null}::uuid)
      and (${userId === undefined} or s.user_id = ${userId ?? null}::uuid)
    returning s.user_id as "userId"`;
  return ended ?? null;
}

/** Notes that the user of a session has just proven who they are; false where it has ended. */
export async function updateAuthenticatedAt(tx: Db, sessionId: string): Promise<boolean> {
  const updated = await tx.$executeRaw`
    update sessions s set authenticated_at = now() where s.id = ${sessionId}::uuid`;
  return updated > 0;
}

/** Which sessions of a user to end. */
export type SessionSelection = {
  userId: string;
  tenantId?: string | null | undefined;
  exceptId?: string | null | undefined;
};

/**
 * Ends sessions and answers how many. All of a user's are also those in which the user acts in the name
 * of others: whoever got hold of the one could have opened the other.
 */
export async function deleteSessions(tx: Db, selection: SessionSelection): Promise<number> {
  const { userId, tenantId, exceptId } = selection;
  const { count } = await tx.session.deleteMany({
    where: {
      ...(tenantId == null
        ? { OR: [{ userId }, { impersonatorId: userId }] }
        : { userId, tenantId }),
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

/** Adds to the refused sign-ins of today. */
export async function noteSignInFailures(tx: Db, count: number): Promise<void> {
  await tx.$queryRaw`select note_sign_in_failures(${count}::bigint)::text`;
}
