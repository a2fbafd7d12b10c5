import { type Access, authorize } from '../../../core/access/authorize.ts';
import { ConflictError, createNotFound, ForbiddenError } from '../../../core/app-error.ts';
import { listChanges, recordAudit } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { TenantOwnedRef } from '../../../core/data/loader.ts';
import type { Invitation } from '../../../core/entities.ts';
import { isEmailAllowed } from '../../tenants/rules.ts';
import { toAuditLog } from '../audit.ts';
import { invitationLoader } from '../loaders.ts';
import * as queries from '../queries.ts';
import { createFull, mayTouch } from '../rules.ts';
import {
  changeInvitations,
  type InvitingTenant,
  inviteToTenant,
  requireNotPendingDeletion,
  reserveMails,
  sendInvitations,
} from './send.ts';

/**
 * Takes an invitation back; its link is dead at once. Needs members:invite, and every right that it gives.
 * Throws NotFoundError, ForbiddenError, ConflictError (settled already).
 */
export async function revokeInvitation(ctx: Ctx, ref: TenantOwnedRef): Promise<Invitation> {
  const { tenant } = await authorizeOn(ctx, ref);
  const revoked = await changeInvitations(ctx, tenant, async (locked) => {
    const invitation = await getTouchable(locked, ref);
    await queries.revokeInvitation(locked.tx, invitation);
    await recordAudit(ctx, locked.tx, {
      action: 'invitation.revoked',
      tenantId: locked.tenantId,
      target: { type: 'Invitation', id: ref.id },
      changes: { status: ['pending', 'revoked'] },
    });
    return { ...invitation, status: 'revoked' as const };
  });
  invitationLoader(ctx).clear(ref);
  return revoked;
}

/**
 * Mails an invitation again, with a new link in place of the old one and all its time before it, expired
 * or not. From now on the caller's rights bound it. Needs members:invite, and every right that it gives.
 * Throws NotFoundError, ForbiddenError, ConflictError (settled already), LimitReachedError,
 * RateLimitedError.
 */
export async function resendInvitation(ctx: Ctx, ref: TenantOwnedRef): Promise<Invitation> {
  const { tenant } = await authorizeOn(ctx, ref);
  requireNotPendingDeletion(tenant);
  const resent = await changeInvitations(ctx, tenant, async (locked) => {
    const former = await getTouchable(locked, ref);
    requireWelcome(locked, former);
    const rejections = await reserveMails(ctx, locked, [former.email]);
    for (const rejection of rejections.values()) throw rejection;
    const [after] = await sendInvitations(ctx, locked, [former]);
    if (!after) throw createNotFound('invitation');
    await recordAudit(ctx, locked.tx, {
      action: 'invitation.resent',
      tenantId: locked.tenantId,
      target: { type: 'Invitation', id: ref.id },
      changes: listChanges(toAuditLog(former), toAuditLog(after), ['expiresAt']),
    });
    return after;
  });
  invitationLoader(ctx).clear(ref);
  return resent;
}

function authorizeOn(ctx: Ctx, { tenantId }: TenantOwnedRef): Promise<Access> {
  return authorize(ctx, { id: tenantId }, inviteToTenant, 'invitation');
}

/** The invitation, if it is still pending and gives nothing that the caller lacks. */
async function getTouchable(
  { tx, tenantId, rights }: InvitingTenant,
  { id }: TenantOwnedRef,
): Promise<Invitation> {
  const [invitation] = await queries.listInvitationsById(tx, tenantId, [id]);
  if (!invitation) throw createNotFound('invitation');
  if (!mayTouch(rights, invitation)) {
    throw new ForbiddenError('This invitation grants roles beyond your own.');
  }
  if (invitation.status !== 'pending' && invitation.status !== 'expired') {
    throw new ConflictError(`This invitation was already ${invitation.status}.`);
  }
  return invitation;
}

/** Throws LimitReachedError or ConflictError where it could not be accepted anyway. */
function requireWelcome(
  { room, membersMax, settings }: InvitingTenant,
  invitation: Invitation,
): void {
  if (invitation.status === 'expired' && room < 1) throw createFull(membersMax);
  if (invitation.roles.length === 0) {
    throw new ConflictError('All roles of this invitation were deleted; send a new one.');
  }
  if (!isEmailAllowed(settings, invitation.email)) {
    throw new ConflictError('This tenant no longer accepts addresses from this domain.');
  }
}
