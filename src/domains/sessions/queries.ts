import type { CursorKey, PageRequest } from '../../core/data/page.ts';
import type { Session, UserStatus } from '../../core/entities.ts';
import type { SignInLimits } from '../../core/runtime.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

/** The columns of a session `s`, named as in the entity. */
export const sessionColumns = Prisma.sql`
  s.id, s.user_id as "userId", s.tenant_id as "tenantId", host(s.ip) as ip,
  s.user_agent as "userAgent", s.place, s.impersonator_id as "impersonatorId",
  seconds_since(s.authenticated_at) as "authenticatedSecondsAgo",
  s.created_at as "createdAt", s.last_seen_at as "lastSeenAt",
  s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) as "idleExpiresAt",
  s.expires_at as "expiresAt"`;

const isLive = Prisma.sql`
  s.expires_at > now() and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()`;

/** An account, found by its e-mail address. */
export type StoredPassword = {
  userId: string;
  status: UserStatus;
  isPlatformAdmin: boolean;
  passwordHash: string;
};

/** Deletes earlier sessions of the same impersonator and user; returns their ids. */
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

/** A sign-in attempt and its rate limits. */
export type SignInAttempt = {
  account: string;
  source: string | null;
  /** Whether the caller has a session of the account, so that strangers cannot delay the attempt. */
  holdsSession: boolean;
  limits: SignInLimits;
};

/** Outcomes of `beginSignIn` other than seconds to wait. */
export const attemptOutcomes = { begun: 0, shut: -1, undecided: -2 } as const;

/**
 * Counts the attempt and returns the credentials of a canonical e-mail address; null for an unknown address and for an
 * attempt that may not begin. `seconds` is the time to wait, or one of `attemptOutcomes`: begun, shut (locked until a
 * reset), or undecided (pending attempts may use up the limit).
 */
export async function beginSignIn(
  db: Db,
  email: string,
  { account, source, holdsSession, limits }: SignInAttempt,
): Promise<{ seconds: number; found: StoredPassword | null }> {
  type Row = { seconds: number } & (StoredPassword | { userId: null });
  // An attempt that may not begin looks up nothing: the duration would reveal known addresses.
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

/** Settles a failed attempt. */
export async function failSignIn(
  db: Db,
  { account, source, holdsSession, limits }: SignInAttempt,
): Promise<void> {
  await db.$queryRaw`
    select fail_sign_in(${account}, ${source}::inet, ${holdsSession}, ${limits.freeFailures}::int,
      ${limits.windowSeconds}::int)::text`;
}

/** Counts a sign-up of a source. Returns the seconds to wait, 0 to proceed. */
export async function reserveSignUp(
  db: Db,
  source: string | null,
  { signUpsMax, windowSeconds }: SignInLimits,
): Promise<number> {
  const [row] = await db.$queryRaw<[{ seconds: number }]>`
    select reserve_sign_up(${source}::inet, ${signUpsMax}::int, ${windowSeconds}::int) as seconds`;
  return row.seconds;
}

/** Settles a successful attempt and resets the count of the account. */
export async function releaseSignIn(tx: Db, account: string, source: string | null): Promise<void> {
  await tx.$queryRaw`select release_sign_in(${account}, ${source}::inet)::text`;
}

/** Records the time of the sign-in on the user and their memberships. */
export async function noteSignIn(tx: Db, userId: string): Promise<void> {
  await tx.$queryRaw`select note_sign_in(${userId}::uuid)::text`;
}

export async function createPassword(tx: Db, userId: string, passwordHash: string): Promise<void> {
  await tx.$executeRaw`
    insert into password_credentials (user_id, password_hash) values (${userId}::uuid, ${passwordHash})`;
}

/** Locks the checked password until the transaction ends. Returns false if it has changed since. */
export async function lockPassword(tx: Db, userId: string, checkedHash: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select c.user_id::text from password_credentials c
    where c.user_id = ${userId}::uuid and c.password_hash = ${checkedHash} for share`;
  return rows.length > 0;
}

/** Replaces the checked password. Returns false if it has changed since. */
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

/** A session by id and, if given, by its tenant and user. */
export type OneSession = { id: string; tenantId?: string | null; userId?: string };

/** Deletes a session and returns its user. Returns null if the scope shows no such session. */
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

/** Marks a session as freshly authenticated. Returns false if it has ended. */
export async function updateAuthenticatedAt(tx: Db, sessionId: string): Promise<boolean> {
  const updated = await tx.$executeRaw`
    update sessions s set authenticated_at = now() where s.id = ${sessionId}::uuid`;
  return updated > 0;
}

/** The sessions of a user, optionally those of one tenant or all except one. */
export type SessionSelection = {
  userId: string;
  tenantId?: string | null | undefined;
  exceptId?: string | null | undefined;
};

/**
 * Deletes sessions and returns how many. Without a tenant this includes the sessions in which the user impersonates
 * others: an attacker with one of the sessions could have opened them.
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

/** Lists live sessions, newest first: one more than the page. */
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

/** Finds a live session in the scope by id and bound tenant. */
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
 * Locks a session until the transaction ends; returns false if it has ended. Ending it waits for the lock, and then
 * sees what was created in it. The lock is exclusive, so a stream of holders cannot keep the session from ending.
 */
export async function holdSession(tx: Db, sessionId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select s.id::text from sessions s where s.id = ${sessionId}::uuid for no key update`;
  return rows.length > 0;
}

/** Adds to today's count of failed sign-ins. */
export async function noteSignInFailures(tx: Db, count: number): Promise<void> {
  await tx.$queryRaw`select note_sign_in_failures(${count}::bigint)::text`;
}
