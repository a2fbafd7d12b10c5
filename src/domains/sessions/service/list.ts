import { authorize, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getOwnScope, getPlatformScope, getTenantScope } from '../../../core/access/scopes.ts';
import { ForbiddenError } from '../../../core/app-error.ts';
import {
  type Ctx,
  findSignedInUserId,
  getAuthenticated,
  isPlatformAdmin,
} from '../../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../../core/data/page.ts';
import type { Session, User } from '../../../core/entities.ts';
import { userLoader } from '../../users/loaders.ts';
import { boundUserLoader } from '../loaders.ts';
import * as queries from '../queries.ts';

const readSessions = permission('sessions:read');

/**
 * Lists a user's live sessions, newest first: the caller's own, or anyone's for platform administrators.
 * @throws UnauthenticatedError, ForbiddenError, InvalidInputError
 */
export async function listSessionsOfUser(
  ctx: Ctx,
  userId: string,
  page: PageArgs,
): Promise<Page<Session>> {
  getAuthenticated(ctx);
  const isOwn = findSignedInUserId(ctx) === userId;
  if (!isOwn && !isPlatformAdmin(ctx)) {
    throw new ForbiddenError('Only the user themselves can view these sessions.');
  }
  const request = parsePage(ctx, page, JSON.stringify(['sessions', userId]));
  const scope = isOwn ? getOwnScope(ctx) : getPlatformScope(ctx);
  const rows = await ctx.db.read(scope, (db) => queries.listSessions(db, { userId }, request));
  return toPage(ctx, request, rows, { toKey: queries.toSessionKey });
}

/** Lists the live sessions bound to a tenant, newest first. Requires sessions:read. */
export async function listSessionsOfTenant(
  ctx: Ctx,
  tenantId: string,
  page: PageArgs,
): Promise<Page<Session>> {
  await authorize(ctx, { id: tenantId }, readSessions);
  const request = parsePage(ctx, page, JSON.stringify(['tenant-sessions', tenantId]));
  const rows = await ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
    queries.listSessions(db, { tenantId }, request),
  );
  return toPage(ctx, request, rows, { toKey: queries.toSessionKey });
}

/** A decoded session id, with the tenant it claims to be bound to. */
export type SessionRef = { id: string; tenantId: string | null };

/**
 * Finds a session that the caller may see: their own, one bound to a tenant where they have sessions:read, or any for
 * platform administrators.
 */
export async function findSession(ctx: Ctx, ref: SessionRef): Promise<Session | null> {
  if (ctx.principal.kind === 'anonymous') return null;
  const found = await ctx.db.read(getPlatformScope(ctx), (db) => queries.findSession(db, ref));
  if (found && (isPlatformAdmin(ctx) || found.userId === findSignedInUserId(ctx))) return found;
  const { tenantId } = ref;
  const access = tenantId === null ? null : await findAccess(ctx, { id: tenantId });
  if (tenantId === null || !access?.permissions.has(readSessions)) return null;
  return await ctx.db.read(getTenantScope(ctx, tenantId), (db) => queries.findSession(db, ref));
}

/**
 * Returns the user of a session that the caller can see, even without permission to list members.
 * @throws Error if row security hides the user
 */
export async function getUserOfSession(ctx: Ctx, { userId, tenantId }: Session): Promise<User> {
  const { principal } = ctx;
  if (principal.kind === 'session' && principal.user.id === userId) return principal.user;
  const known = await userLoader(ctx).load(userId);
  const user = known ?? (tenantId && (await boundUserLoader(ctx).load({ tenantId, id: userId })));
  if (!user) throw new Error('A visible session must have a visible user.');
  return user;
}
