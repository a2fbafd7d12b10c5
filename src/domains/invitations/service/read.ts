import { authorize, findAccess } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import type { Ctx } from '../../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../../core/data/page.ts';
import type { Invitation } from '../../../core/entities.ts';
import { noScope } from '../../../db/scope.ts';
import { invitationLoader, ownInvitationsLoader } from '../loaders.ts';
import { findPreview, type InvitationPreview, type InvitationToMe } from '../queries/addressee.ts';
import * as queries from '../queries.ts';
import { hashInvitationToken } from '../token.ts';

const readInvitations = permission('invitations:read');

/**
 * The invitations of a tenant, newest first. Needs invitations:read. Throws NotFoundError, ForbiddenError,
 * InvalidInputError.
 */
export async function listInvitations(
  ctx: Ctx,
  tenantId: string,
  page: PageArgs,
): Promise<Page<Invitation>> {
  await authorize(ctx, { id: tenantId }, readInvitations);
  const request = parsePage(ctx, page, JSON.stringify(['invitations', tenantId]));
  const scope = getTenantScope(ctx, tenantId);
  const rows = await ctx.db.read(scope, (db) => queries.listInvitations(db, tenantId, request));
  return toPage(ctx, request, rows, {
    toKey: queries.toInvitationKey,
    count: () => ctx.db.read(scope, (db) => queries.countInvitations(db, tenantId)),
  });
}

/** One invitation: of a tenant where the caller may read them, or to the caller itself; else null. */
export async function findInvitation(
  ctx: Ctx,
  tenantId: string,
  id: string,
): Promise<Invitation | null> {
  const access = await findAccess(ctx, { id: tenantId });
  if (access?.permissions.has(readInvitations)) {
    return await invitationLoader(ctx).load({ tenantId, id });
  }
  const own = await listInvitationsToMe(ctx);
  return own.find((invitation) => invitation.id === id && invitation.tenantId === tenantId) ?? null;
}

/**
 * The invitations that the caller could accept now, newest first: those to its e-mail address, once that is
 * verified. None for a session that is bound to a tenant, which may act there only, and none for a program.
 */
export async function listInvitationsToMe(ctx: Ctx): Promise<readonly InvitationToMe[]> {
  const { principal } = ctx;
  if (principal.kind !== 'session' || principal.session.tenantId !== null) return [];
  if (principal.user.emailVerifiedAt === null) return [];
  return await ownInvitationsLoader(ctx).load(principal.user.id);
}

/** Preview by a mailed link, signed in or not; null unless the token is valid now. */
export async function previewInvitation(
  ctx: Ctx,
  token: string,
): Promise<InvitationPreview | null> {
  const hash = hashInvitationToken(token);
  return hash === null ? null : await ctx.db.read(noScope, (db) => findPreview(db, hash));
}
