import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { startRepeatingJob } from '../../../lib/repeating-job.ts';
import type { Logger } from '../../../observability/logger.ts';
import { settleResetRequest } from '../queries/password-reset.ts';

/** The background job for password reset requests. */
export type ResetSettler = {
  /** Processes new requests soon, without waiting for the next interval. */
  wake(): void;
  stop(): Promise<void>;
};

/** Interval of looking for requests that another process has left. */
const everyMs = 30_000;
const retryMs = 1_000;
/** Maximum of a random delay, so that callers cannot time the work of their own request. */
const wakeDelayMsMax = 100;

/**
 * Processes password reset requests in the background of every process, one at a time, each in its own transaction.
 * Failures are logged and retried. `onMail` is called when mails may be waiting.
 */
export function startSettlingResets(parts: {
  db: Database;
  log: Logger;
  onMail: () => void;
}): ResetSettler {
  const { db, log, onMail } = parts;
  let timer: NodeJS.Timeout | null = null;
  const wakeIn = (milliseconds: number) => {
    timer ??= setTimeout(() => {
      timer = null;
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
      clearTimeout(timer ?? undefined);
      await job.stop();
    },
  };
}
