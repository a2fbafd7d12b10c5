import type { Database } from '../../../db/database.ts';
import { type RepeatingJob, startRepeatingJob } from '../../../lib/repeating-job.ts';
import type { Logger } from '../../../observability/logger.ts';
import { tryHousekeeping } from '../queries.ts';
import { deleteAllExpired } from '../service.ts';

export type HousekeepingOptions = {
  db: Database;
  log: Logger;
  intervalSeconds: number;
  /** How many failed sign-ins shut an account, which is never forgotten. */
  consecutiveMax: number;
};

/** The job, and how many times it has failed since it last went well. */
export type Housekeeping = RepeatingJob & { getFailuresInARow: () => number };

/**
 * Deletes what has expired again and again, in the background of every process; a step is done by
 * one of them at a time. Never throws: what fails is logged and tried again at the next interval, or by
 * another process.
 */
export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { db, log, intervalSeconds, consecutiveMax } = options;
  let failuresInARow = 0;
  const job = startRepeatingJob({
    everyMs: intervalSeconds * 1_000,
    run: async (signal) => {
      const { isComplete, ...deleted } = await deleteAllExpired(db, {
        consecutiveMax,
        // A process that is to stop begins no further step.
        mayStep: async (tx) => !signal.aborted && (await tryHousekeeping(tx)),
      });
      failuresInARow = 0;
      const isIdle = Object.values(deleted).every((count) => count === 0);
      log[isIdle ? 'debug' : 'info']({ deleted, isComplete }, 'housekeeping done');
    },
    onError: (err) => {
      failuresInARow += 1;
      log.warn({ err }, 'housekeeping failed; retrying later');
    },
  });
  return { ...job, getFailuresInARow: () => failuresInARow };
}
