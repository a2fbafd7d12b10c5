import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import { createIdleJob } from '../../lib/repeating-job.ts';
import type { Logger } from '../../observability/logger.ts';
import { noteSignInFailures } from './queries.ts';

const flushEveryMs = 1_000;

/** Counts refused sign-ins; `close` writes what is still to be noted. */
export type RejectionCounter = { note: () => void; close: () => Promise<void> };

/** Adds up in memory and notes about once a second, so that a flood of errors writes one row. */
export function createFailedSignInCounter(db: Database, log: Logger): RejectionCounter {
  let count = 0;
  const job = createIdleJob({
    everyMs: flushEveryMs,
    run: flush,
    onError: (err) => log.warn({ err }, 'failed sign-ins could not be counted'),
  });
  return {
    note: () => {
      count += 1;
      job.begin();
    },
    async close() {
      await job.stop();
      await flush().catch(() => undefined);
    },
  };

  async function flush(): Promise<void> {
    if (count === 0) return;
    const noted = count;
    count = 0;
    await db.transaction(noScope, (tx) => noteSignInFailures(tx, noted));
  }
}
