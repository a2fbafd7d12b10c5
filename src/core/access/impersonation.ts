import { type Ctx, requireOwnSession } from '../context.ts';

/**
 * The mutations allowed while impersonating: the daily work of a tenant, and ending the impersonation. All others are
 * left to the users themselves: credentials, what outlives the hour (keys, tenants, memberships) and what cannot be
 * undone. Reasons: docs/decisions/016-impersonation.md.
 */
const allowedMutations: ReadonlySet<string> = new Set([
  'createRole',
  'deleteRole',
  'inviteMembers',
  'removeMember',
  'resendInvitation',
  'revokeInvitation',
  'signOut',
  'updateMembership',
  'updateProfile',
  'updateRole',
  'updateTenant',
]);

/** @throws ForbiddenError for a mutation that is not allowed while impersonating */
export function rejectImpersonator(ctx: Ctx, mutation: string): void {
  if (ctx.principal.kind === 'session' && !allowedMutations.has(mutation)) {
    requireOwnSession(ctx);
  }
}
