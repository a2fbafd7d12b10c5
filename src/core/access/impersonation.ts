import { type Ctx, requireOwnSession } from '../context.ts';

/**
 * What a platform administrator may do in somebody's name: the daily work of a tenant, and ending the
 * impersonation. Everything else is the person's alone, above all what proves who the person is, what
 * outlives the hour (keys, tenants, memberships) and what cannot be undone; so is every mutation that is
 * not named here. Why, in docs/decisions/016-impersonation.md.
 */
const openToImpersonators: ReadonlySet<string> = new Set([
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

/** Throws ForbiddenError for a mutation that nobody may do in somebody else's name. */
export function rejectImpersonator(ctx: Ctx, mutation: string): void {
  if (ctx.principal.kind === 'session' && !openToImpersonators.has(mutation)) {
    requireOwnSession(ctx);
  }
}
