import { recordAudit } from '../../core/audit.ts';
import { type Ctx, getSignedIn, requirePlatformAdmin } from '../../core/context.ts';
import { getOwnScope } from '../../core/scopes.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import { deleteOldInvitations } from '../invitations/service/expire.ts';
import { deleteDueTenants } from '../tenants/service/erase.ts';
import { deleteExpiredData, type ExpiredRows } from './queries.ts';

/** What has been deleted, and whether nothing is left that has had its time. */
export type Cleanup = ExpiredRows & {
  invitations: number;
  tenants: number;
  isComplete: boolean;
};

/** Each step is a transaction of its own, and none comes near the statement timeout. */
const rowsPerStepMax = 1_000;
/** Keeps one call within the time a request may take. */
const stepsMax = 20;

/**
 * Deletes what has expired and erases the tenants that are due, as far as one request may take; again
 * while it is not complete. Platform administrators only. Raises ForbiddenError.
 */
export async function cleanupExpiredData(ctx: Ctx): Promise<Cleanup> {
  requirePlatformAdmin(ctx);
  const { user } = getSignedIn(ctx);
  const cleanup = await deleteAllExpired(ctx.db, ctx.runtime.signInLimits.consecutiveMax);
  const { sessions, signInBudgets, invitations, tenants } = cleanup;
  await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    recordAudit(ctx, tx, {
      action: 'expired_data.deleted',
      tenantId: null,
      target: { type: 'User', id: user.id },
      changes: {
        sessions: [sessions, 0],
        signInBudgets: [signInBudgets, 0],
        invitations: [invitations, 0],
        tenants: [tenants, 0],
      },
    }),
  );
  return cleanup;
}

/**
 * The same for a job: it acts for nobody, and the database's clock alone decides what has had its
 * time. `consecutiveMax`: how many failed sign-ins shut an account, which is never forgotten.
 */
export async function deleteAllExpired(db: Database, consecutiveMax: number): Promise<Cleanup> {
  const expired: ExpiredRows & { isComplete: boolean } = {
    sessions: 0,
    signInBudgets: 0,
    isComplete: false,
  };
  for (let step = 0; step < stepsMax && !expired.isComplete; step += 1) {
    const rows = await db.transaction(noScope, (tx) =>
      deleteExpiredData(tx, consecutiveMax, rowsPerStepMax),
    );
    expired.sessions += rows.sessions;
    expired.signInBudgets += rows.signInBudgets;
    expired.isComplete = Math.max(rows.sessions, rows.signInBudgets) < rowsPerStepMax;
  }
  const invitations = await deleteOldInvitations(db, { rowsPerStepMax, stepsMax });
  const tenants = await deleteDueTenants(db, { rowsPerStepMax, stepsMax });
  return {
    ...expired,
    invitations: invitations.count,
    tenants: tenants.count,
    isComplete: expired.isComplete && invitations.isComplete && tenants.isComplete,
  };
}
