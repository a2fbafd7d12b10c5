import { getOwnScope } from '../../core/access/scopes.ts';
import { type Changes, recordAudit } from '../../core/audit.ts';
import { type Ctx, getSignedIn, requirePlatformAdmin } from '../../core/context.ts';
import type { Database, Db } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import { deleteOldInvitations } from '../invitations/service/expire.ts';
import { deleteDueTenants } from '../tenants/service/erase.ts';
import { deleteExpiredData, type ExpiredRows, expiredKinds, sumUp } from './queries.ts';

/** How much was deleted, and whether anything expired is left. */
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
 * while it is not complete. Platform administrators only. Throws ForbiddenError.
 */
export async function cleanupExpiredData(ctx: Ctx): Promise<Cleanup> {
  requirePlatformAdmin(ctx);
  const { user } = getSignedIn(ctx);
  const { consecutiveMax } = ctx.runtime.signInLimits;
  const cleanup = await deleteAllExpired(ctx.db, { consecutiveMax });
  const { isComplete: _, ...counts } = cleanup;
  const changes: Changes = Object.fromEntries(
    Object.entries(counts).map(([kind, count]) => [kind, [count, 0]]),
  );
  await ctx.db.transaction(getOwnScope(ctx), (tx) =>
    recordAudit(ctx, tx, {
      action: 'expired_data.deleted',
      tenantId: null,
      target: { type: 'User', id: user.id },
      changes,
    }),
  );
  return cleanup;
}

export type CleanupOptions = {
  /** How many failed sign-ins shut an account, which is never forgotten. */
  consecutiveMax: number;
  /** Asked in the transaction of each step; false ends the work, as somebody else is doing it. */
  mayStep?: (tx: Db) => Promise<boolean>;
};

/**
 * The same for a job: it acts for nobody, and the database's clock alone decides what has had its
 * time.
 */
export async function deleteAllExpired(
  db: Database,
  { consecutiveMax, mayStep = async () => true }: CleanupOptions,
): Promise<Cleanup> {
  let deleted = sumUp(() => 0);
  let isComplete = false;
  for (let step = 0; step < stepsMax && !isComplete; step += 1) {
    const rows = await db.transaction(noScope, async (tx) =>
      (await mayStep(tx)) ? await deleteExpiredData(tx, consecutiveMax, rowsPerStepMax) : null,
    );
    if (rows === null) break;
    const before = deleted;
    deleted = sumUp((kind) => before[kind] + rows[kind]);
    isComplete = expiredKinds.every((kind) => rows[kind] < rowsPerStepMax);
  }
  const invitations = await deleteOldInvitations(db, { rowsPerStepMax, stepsMax, mayStep });
  const tenants = await deleteDueTenants(db, { rowsPerStepMax, stepsMax, mayStep });
  return {
    ...deleted,
    invitations: invitations.count,
    tenants: tenants.count,
    isComplete: isComplete && invitations.isComplete && tenants.isComplete,
  };
}
