import type { CursorKey, PageRequest } from '../../core/data/page.ts';
import type { Session, UserStatus } from '../../core/entities.ts';
import type { SignInLimits } from '../../core/runtime.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

/** The columns of a session `s` under the names of the record. */
export const sessionColumns = Prisma.sql`
  s.id, s.user_id as "userId", s.tenant_id as "tenantId", host(s.ip) as ip,
  s.user_agent as "userAgent", s.place, s.impersonator_id as "impersonatorId",
  seconds_since(s.authenticated_at) as "authenticatedSecondsAgo",
  s.created_at as "createdAt", s.last_seen_at as "lastSeenAt",
  s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) as "idleExpiresAt",
  s.expires_at as "expiresAt"`;

const isLive = Prisma.sql`
  s.expires_at > now() and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()`;

/** An account as found by its e-mail address. */
export type StoredPassword = {
  userId: string;
  status: UserStatus;
  isPlatformAdmin: boolean;
  passwordHash: string;
};

/** Ends what the same impersonator opened before as the same user; returns the ids. */
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

/** An attempt to prove a password, and its limits. */
export type SignInAttempt = {
  account: string;
  source: string | null;
  /** It comes with a session of the account: strangers cannot delay it. */
  holdsSession: boolean;
  limits: SignInLimits;
};

/** Outcomes of `beginSignIn` other than seconds to wait. */
export const attemptOutcomes = { begun: 0, shut: -1, undecided: -2 } as const;

/**
 * Counts the attempt and returns the credentials behind a canonical e-mail address; null where there are none, or
 * the attempt is not begun. `seconds` is how long to wait, or one of `attemptOutcomes`: begun, shut until a
 * reset, or undecided while attempts under way use up what is allowed.
 */
export async function beginSignIn(
  db: Db,
  email: string,
  { account, source, holdsSession, limits }: SignInAttempt,
): Promise<{ seconds: number; found: StoredPassword | null }> {
  type Row = { seconds: number } & (StoredPassword | { userId: null });
  // Nothing is looked up for an attempt that is not begun: how long that takes would tell known addresses apart.
  const [row] = await db.$queryRaw<[Row]>`
    select r.seconds, c.user_id as "userId", c.status, c.is_platform_admin as "isPlatformAdmin",
      c.password_hash as "passwordHash"
    from begin_sign_in(${account}, ${source}::inet, ${holdsSession}, ${limits.freeFailures}::int,
      ${limits.consecutiveMax}::int, ${limits.sourceFailuresMax}::int,
      ${limits.windowSeconds}::int) r (seconds)
    left join lateral find_credentials(case when r.seconds = 0 then ${email} end) c on true`;
  const { seconds, ...found } = row;
  return { seconds, found: found.userId === null ? null : found };
}

/** Settles an attempt that has failed. */
export async function failSignIn(
  db: Db,
  { account, source, holdsSession, limits }: SignInAttempt,
): Promise<void> {
  await db.$queryRaw`
    select fail_sign_in(${account}, ${source}::inet, ${holdsSession}, ${limits.freeFailures}::int,
      ${limits.windowSeconds}::int)::text`;
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

/** Settles an attempt that has succeeded: the account begins anew. */
export async function releaseSignIn(tx: Db, account: string, source: string | null): Promise<void> {
  await tx.$queryRaw`select release_sign_in(${account}, ${source}::inet)::text`;
}

/** Remembers the sign-in on the user and its memberships. */
export async function noteSignIn(tx: Db, userId: string): Promise<void> {
  await tx.$queryRaw`select note_sign_in(${userId}::uuid)::text`;
}

export async function createPassword(tx: Db, userId: string, passwordHash: string): Promise<void> {
  await tx.$executeRaw`
    insert into password_credentials (user_id, password_hash) values (${userId}::uuid, ${passwordHash})`;
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
 * Ends sessions and returns how many. All of a user's are also those in which the user acts in the name
 * of others: anyone who got hold of the one could have opened the other.
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

/**
 * Holds a session until the transaction ends; false where it has ended already. Anyone who ends it waits, and
 * then finds what was made in it. One holder at a time, so that a crowd of them cannot keep it from ending.
 */
export async function holdSession(tx: Db, sessionId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select s.id::text from sessions s where s.id = ${sessionId}::uuid for no key update`;
  return rows.length > 0;
}

/** Adds to the refused sign-ins of today. */
export async function noteSignInFailures(tx: Db, count: number): Promise<void> {
  await tx.$queryRaw`select note_sign_in_failures(${count}::bigint)::text`;
}
