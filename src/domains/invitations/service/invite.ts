import { authorize } from '../../../core/access/authorize.ts';
import { recordDeniedAttempt } from '../../../core/access/denied-attempts.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import {
  type AppError,
  describeError,
  type ErrorData,
  ForbiddenError,
  InvalidInputError,
} from '../../../core/app-error.ts';
import { listChanges, recordAudits } from '../../../core/audit.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Invitation } from '../../../core/entities.ts';
import { type IdempotentInput, transactOnce } from '../../../core/idempotency.ts';
import { toAuditLog } from '../audit.ts';
import * as queries from '../queries.ts';
import {
  type Draft,
  findPlaces,
  type InvitationInput,
  invitationsPerCallMax,
  readLines,
} from '../rules.ts';
import {
  type InvitingTenant,
  inviteToTenant,
  lockForInvitations,
  requireNotPendingDeletion,
  reserveMails,
  sendInvitations,
} from './send.ts';

export type InviteMembersInput = IdempotentInput & {
  tenantId: string;
  invitations: readonly InvitationInput[];
};

/** Result for one person, as plain data: an invitation, or the error that prevented it. */
export type InvitationResult = {
  /** In canonical form where it has one. */
  email: string;
  invitation: Invitation | null;
  error: ErrorData | null;
};

/**
 * Invites up to 100 people at once, each line for itself: what is wrong with one is its result and stops no
 * other. An address that is invited already gets a new link; the old one is dead. Whether anybody has an
 * account with an address makes no difference. Needs members:invite, and every right that is to be given.
 * Throws NotFoundError, ForbiddenError, InvalidInputError (too many lines); for an idempotency key see
 * transactOnce().
 */
export async function inviteMembers(
  ctx: Ctx,
  input: InviteMembersInput,
): Promise<InvitationResult[]> {
  const { tenantId, invitations: lines } = input;
  const { tenant } = await authorize(ctx, { id: tenantId }, inviteToTenant);
  requireNotPendingDeletion(tenant);
  if (lines.length === 0 || lines.length > invitationsPerCallMax) {
    throw new InvalidInputError(`Invite between 1 and ${invitationsPerCallMax} people at once.`, [
      'invitations',
    ]);
  }
  const once = { mutation: 'inviteMembers', input, scope: getTenantScope(ctx, tenantId) };
  const results = await transactOnce(ctx, once, async (tx) =>
    inviteAll(ctx, await lockForInvitations(ctx, tx, tenant), lines),
  );
  const denied = results.find(({ error }) => error?.code === 'FORBIDDEN')?.error;
  if (denied) await recordDeniedAttempt(ctx, 'inviteMembers', new ForbiddenError(denied.message));
  return results;
}

async function inviteAll(
  ctx: Ctx,
  locked: InvitingTenant,
  lines: readonly InvitationInput[],
): Promise<InvitationResult[]> {
  const read = readLines(lines, locked);
  const emails = read.drafts.map(({ email }) => email);
  const pending = await queries.listPendingInvitations(locked.tx, locked.tenantId, emails);
  const memberEmails = await queries.listMemberEmails(locked.tx, locked.tenantId, emails);
  const found = findPlaces(read.drafts, { ...locked, memberEmails, pending });
  const toSend = found.placed.map(({ email }) => email);
  const tooMany = await reserveMails(ctx, locked, toSend);
  const drafts = found.placed.filter(({ email }) => !tooMany.has(email));
  const sent = await sendInvitations(ctx, locked, drafts);
  await recordSent(ctx, locked, sent, pending);
  const results = new Map<number, InvitationResult>();
  for (const { index, email, error } of [...read.refused, ...found.refused]) {
    results.set(index, { email, invitation: null, error: describeError(error) });
  }
  for (const draft of found.placed) {
    results.set(draft.index, toResult(draft, sent, tooMany.get(draft.email) ?? null));
  }
  return lines.flatMap((_line, index) => results.get(index) ?? []);
}

function toResult(
  { email }: Draft,
  sent: readonly Invitation[],
  error: AppError | null,
): InvitationResult {
  const invitation = sent.find((candidate) => candidate.email === email) ?? null;
  return { email, invitation, error: error && describeError(error) };
}

async function recordSent(
  ctx: Ctx,
  { tx, tenantId }: InvitingTenant,
  sent: readonly Invitation[],
  replaced: readonly Invitation[],
): Promise<void> {
  const entries = sent.map((invitation) => {
    const former = replaced.find(({ id }) => id === invitation.id);
    const after = toAuditLog(invitation);
    return {
      action: former ? ('invitation.resent' as const) : ('invitation.created' as const),
      target: { type: 'Invitation' as const, id: invitation.id },
      changes: former
        ? listChanges(toAuditLog(former), after, ['roles', 'expiresAt'])
        : { email: [null, after.email] as const, roles: [null, after.roles] as const },
    };
  });
  await recordAudits(ctx, tx, { tenantId, entries });
}
