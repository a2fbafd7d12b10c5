import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { startRepeatingJob } from '../../../lib/repeating-job.ts';
import type { Logger } from '../../../observability/logger.ts';
import { settleResetRequest } from '../queries/password-reset.ts';

/** The job that looks up for whom resets were asked. */
export type ResetSettler = {
  /** Has the requests looked at soon; they are looked at anyway. */
  wake(): void;
  stop(): Promise<void>;
};

/** How often requests are looked for that another process has left behind. */
const everyMs = 30_000;
const retryMs = 1_000;
/** A chance delay, so that the load of one request is not felt at a known moment by anyone who sent it. */
const wakeDelayMsMax = 100;

/**
 * Settles requests for a reset in the background of every process, one at a time and each in a transaction of its
 * own. What fails is logged and tried again. `onMail` is called where mails may wait.
 */
export function startSettlingResets(parts: {
  db: Database;
  log: Logger;
  onMail: () => void;
}): ResetSettler {
  const { db, log, onMail } = parts;
  let nudge: NodeJS.Timeout | null = null;
  const wakeIn = (milliseconds: number) => {
    nudge ??= setTimeout(() => {
      nudge = null;
      job.wake();
    }, milliseconds).unref();
  };
  const job = startRepeatingJob({
    everyMs,
    async run(signal) {
      let settled = 0;
      while (!signal.aborted && (await db.write(noScope, settleResetRequest))) settled += 1;
      if (settled > 0) onMail();
    },
    onError: (err) => {
      log.warn({ err }, 'password reset requests could not be processed');
      wakeIn(retryMs);
    },
  });
  return {
    wake: () => wakeIn(Math.random() * wakeDelayMsMax),
    async stop() {
      clearTimeout(nudge ?? undefined);
      await job.stop();
    },
  };
}
