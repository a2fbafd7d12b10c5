import { createShared } from '../../core/shared-parts.ts';
import { noScope } from '../../db/scope.ts';
import { createIdleJob } from '../../lib/repeating-job.ts';
import { noteSignInFailures } from './queries.ts';

const flushEveryMs = 1_000;

/** Counts failed sign-ins for monitoring, in memory: a flood of them writes one row per second. */
export const getFailedSignInCounter = createShared(({ db, log }) => {
  let count = 0;
  const job = createIdleJob({
    everyMs: flushEveryMs,
    run: flush,
    onError: (err) => log.warn({ err }, 'failed sign-ins could not be counted'),
  });
  return {
    add: () => {
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
    const flushed = count;
    count = 0;
    await db.transaction(noScope, (tx) => noteSignInFailures(tx, flushed));
  }
});
