import { clearAccess } from '../../../core/access/authorize.ts';
import { getOwnScope } from '../../../core/access/scopes.ts';
import {
  type AppError,
  ConflictError,
  ForbiddenError,
  LimitReachedError,
  NotFoundError,
} from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { type Ctx, getSignedIn } from '../../../core/context.ts';
import type { Membership } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';
import { membershipLoader } from '../../memberships/loaders.ts';
import { ownInvitationsLoader } from '../loaders.ts';
import type { SettlementOutcome } from '../queries/addressee.ts';
import * as queries from '../queries/addressee.ts';
import { hashInvitationToken } from '../token.ts';

/** An invitation to the caller: by the token of the mailed link, or by id and tenant. */
export type OwnInvitationInput = { token: string } | { id: string; tenantId: string };

/**
 * Makes the caller a member, once: anyone who is signed in with the invited e-mail address, verified. Decided
 * by what holds at this moment: the rights of who invited, the limits and settings of the tenant; an error
 * changes nothing. Throws ForbiddenError (not verified, bound to a tenant, in somebody's name; tenant not
 * active), NotFoundError (no such invitation for this address, or no longer valid), ConflictError (a
 * member already; who invited could not do so any more), LimitReachedError.
 */
export async function acceptInvitation(ctx: Ctx, input: OwnInvitationInput): Promise<Membership> {
  const { user } = getAddressee(ctx);
  const ref = toRef(input);
  const accepted = await ctx.db.transaction(getOwnScope(ctx), async (tx) => {
    const acceptance = await queries.acceptInvitation(tx, ref);
    if (acceptance.outcome !== 'accepted') throw createRejection(acceptance);
    await recordAcceptance(ctx, tx, user.id, acceptance);
    return acceptance;
  });
  // What was loaded before the caller was a member is not so any more.
  clearAccess(ctx);
  ownInvitationsLoader(ctx).clearAll();
  const membershipRef = { tenantId: accepted.tenantId, id: accepted.membershipId };
  membershipLoader(ctx).clear(membershipRef);
  const membership = await membershipLoader(ctx).load(membershipRef);
  if (membership === null) throw createNotFound();
  return membership;
}

/**
 * Refuses an invitation to the caller; its link is dead. Under the same conditions as accepting, and with
 * the same errors.
 */
export async function declineInvitation(
  ctx: Ctx,
  input: OwnInvitationInput,
): Promise<{ id: string; tenantId: string }> {
  getAddressee(ctx);
  const ref = toRef(input);
  const { outcome, invitationId, tenantId } = await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    queries.declineInvitation(ctx, tx, ref),
  );
  if (outcome !== 'declined') throw createRejection({ outcome, membersMax: 0 });
  ownInvitationsLoader(ctx).clearAll();
  return { id: invitationId, tenantId };
}

/**
 * The person that is signed in, if it may settle invitations at all; that says nothing about any. Throws
 * ForbiddenError.
 */
function getAddressee(ctx: Ctx) {
  const { user, session } = getSignedIn(ctx);
  if (session.tenantId !== null) {
    throw new ForbiddenError('This session is bound to one tenant and cannot join another.');
  }
  if (session.impersonatorId !== null) {
    throw new ForbiddenError('Joining a tenant is not allowed while impersonating.');
  }
  if (user.emailVerifiedAt === null) {
    throw new ForbiddenError('Verify your e-mail address first; the invitation stays pending.');
  }
  return { user };
}

/** Throws NotFoundError for what cannot be a token. */
function toRef(input: OwnInvitationInput): queries.OwnInvitationRef {
  if ('id' in input) return { hash: null, ...input };
  const hash = hashInvitationToken(input.token);
  if (hash === null) throw createNotFound();
  return { hash, id: null, tenantId: null };
}

async function recordAcceptance(
  ctx: Ctx,
  tx: Db,
  userId: string,
  { tenantId, invitationId, membershipId, roleKeys }: queries.Acceptance,
): Promise<void> {
  await recordAudit(ctx, tx, {
    action: 'invitation.accepted',
    tenantId,
    target: { type: 'Invitation', id: invitationId },
    changes: { status: ['pending', 'accepted'] },
  });
  await recordAudit(ctx, tx, {
    action: 'membership.created',
    tenantId,
    target: { type: 'Membership', id: membershipId },
    changes: { userId: [null, userId], roles: [null, roleKeys] },
  });
}

type Refused = { outcome: SettlementOutcome; membersMax: number };

function createRejection({ outcome, membersMax }: Refused): AppError {
  switch (outcome) {
    case 'suspended':
      return new ForbiddenError('This tenant is suspended; nobody can join it.');
    case 'pending_deletion':
      return new ForbiddenError('This tenant is pending deletion; nobody can join it.');
    case 'member':
      return new ConflictError('You are already a member of this tenant.');
    case 'paused':
      return new ConflictError(
        'You are already a member of this tenant, but your membership is paused: ask an administrator of the tenant to resume it.',
      );
    case 'domain':
      return new ConflictError('This tenant no longer accepts addresses from your domain.');
    case 'unbacked':
      return new ConflictError(
        'The inviter can no longer grant these roles. Ask for a new invitation.',
      );
    case 'full':
      return new LimitReachedError(`This tenant can have at most ${membersMax} members.`);
    default:
      return createNotFound();
  }
}

/** The same for a token that never was, one that is dead, and one for somebody else. */
function createNotFound(): NotFoundError {
  return new NotFoundError(
    'There is no such invitation for your e-mail address, or it is no longer valid.',
  );
}
