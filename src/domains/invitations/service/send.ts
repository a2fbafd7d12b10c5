import { permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import { ForbiddenError, RateLimitedError } from '../../../core/app-error.ts';
import { type Ctx, findActorId } from '../../../core/context.ts';
import type { Invitation, Role, Tenant } from '../../../core/entities.ts';
import { enqueueMail } from '../../../core/mail.ts';
import type { Db } from '../../../db/database.ts';
import { listRoles } from '../../roles/queries.ts';
import { lockTenantFor } from '../../roles/service/locked-tenant.ts';
import { holdOwnSession } from '../../sessions/service/hold.ts';
import { completeSettings } from '../../tenants/rules.ts';
import { countCapacity, getPolicy } from '../../tenants/service/settings.ts';
import { composeInvitation } from '../mail.ts';
import * as queries from '../queries.ts';
import type { Terms } from '../rules.ts';
import { createInvitationToken } from '../token.ts';

export const inviteToTenant = permission('members:invite');

/** Mails to one address in a day, the first included: enough to have it sent again, too few to molest. */
const perAddressDayMax = 5;

/** A locked tenant, with all that decides about its invitations. */
export type InvitingTenant = Terms & {
  tx: Db;
  tenantId: string;
  tenantName: string;
  /** How many more may join or be invited, and the limit that this comes from. */
  room: number;
  membersMax: number;
};

/** The tenant whose invitations are to be changed; the caller has been authorised in it. */
type OfTenant = { id: string; name: string };

/**
 * Locks the tenant until the transaction ends, and reads what decides about its invitations then. The transaction is in
 * the tenant's scope. Throws ForbiddenError, NotFoundError.
 */
export async function lockForInvitations(
  ctx: Ctx,
  tx: Db,
  { id: tenantId, name: tenantName }: OfTenant,
): Promise<InvitingTenant> {
  await holdOwnSession(ctx, tx);
  const rights = await lockTenantFor(ctx, tx, tenantId, inviteToTenant);
  const policy = await getPolicy(tx, tenantId);
  return {
    tx,
    tenantId,
    tenantName,
    rights,
    roles: await listRoles(tx, tenantId),
    settings: completeSettings(policy.settings),
    room: await countCapacity(tx, policy, 'members'),
    membersMax: policy.limits.members,
  };
}

/** Runs a change of a tenant's invitations in one transaction, while it is locked. Throws what lockForInvitations throws. */
export function changeInvitations<T>(
  ctx: Ctx,
  tenant: OfTenant,
  change: (locked: InvitingTenant) => Promise<T>,
): Promise<T> {
  return ctx.db.transaction(getTenantScope(ctx, tenant.id), async (tx) =>
    change(await lockForInvitations(ctx, tx, tenant)),
  );
}

/**
 * Throws ForbiddenError where anyone who is invited could not join: a platform administrator gets as far as this in a
 * tenant that is to be erased.
 */
export function requireNotPendingDeletion({ status }: Tenant): void {
  if (status !== 'pending_deletion') return;
  throw new ForbiddenError('This tenant is pending deletion; nobody can be invited to it.');
}

/** Whom an invitation goes to, and the roles it gives. */
export type Addressee = { email: string; roles: readonly Role[] };

/**
 * Counts a mail to each of the addresses, and returns an error for each that is too much: nobody makes
 * a spam relay of a tenant.
 */
export async function reserveMails(
  ctx: Ctx,
  { tx, tenantId }: InvitingTenant,
  emails: readonly string[],
): Promise<ReadonlyMap<string, RateLimitedError>> {
  if (emails.length === 0) return new Map();
  const answers = await queries.reserveInvitations(tx, tenantId, emails, {
    perTenant: ctx.runtime.invitationLimits.perTenantDayMax,
    perAddress: perAddressDayMax,
  });
  const tooMany = answers.filter(({ waitSeconds }) => waitSeconds > 0);
  return new Map(tooMany.map(({ email, waitSeconds }) => [email, refuse(waitSeconds)]));
}

function refuse(waitSeconds: number): RateLimitedError {
  return new RateLimitedError(
    'Too many invitations today, to this address or in total. Please wait.',
    waitSeconds,
  );
}

/**
 * Stores invitations with new tokens, in place of what is pending for the same addresses, and mails them.
 * From now on the caller's rights bound them. Answers them in the order asked.
 */
export async function sendInvitations(
  ctx: Ctx,
  { tx, tenantId, tenantName }: InvitingTenant,
  addressees: readonly Addressee[],
): Promise<Invitation[]> {
  if (addressees.length === 0) return [];
  const minted = addressees.map((addressee) => ({ ...addressee, ...createInvitationToken() }));
  const tokens = new Map(minted.map(({ email, token }) => [email, token]));
  const stored = await queries.storeInvitations(tx, {
    tenantId,
    inviter: getInviter(ctx),
    ttlSeconds: ctx.runtime.invitationLimits.ttlSeconds,
    rows: minted,
  });
  const inviterName = findInviterName(ctx);
  const mails = stored.map((invitation) => {
    const token = tokens.get(invitation.email);
    if (token === undefined) throw new Error('An invitation was stored without a token.');
    return composeInvitation({ invitation, tenantName, inviterName, token });
  });
  await enqueueMail(ctx, tx, mails);
  const byEmail = new Map(stored.map((invitation) => [invitation.email, invitation]));
  return addressees.flatMap(({ email }) => byEmail.get(email) ?? []);
}

function getInviter(ctx: Ctx): queries.Inviter {
  const { principal } = ctx;
  return {
    userId: findActorId(ctx),
    apiKeyId: principal.kind === 'apiKey' ? principal.apiKey.id : null,
  };
}

/** A program has no name that says anything to people; anyone who made it does not write the mail. */
function findInviterName({ principal }: Ctx): string | null {
  return principal.kind === 'session' ? principal.user.name : null;
}
