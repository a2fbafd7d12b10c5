import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import { startRepeatingJob } from '../../../lib/repeating-job.ts';
import type { Sealer } from '../../../lib/sealer.ts';
import type { Logger } from '../../../observability/logger.ts';
import type { MailLinks } from '../message.ts';
import { claimMails } from '../queries.ts';
import { connectionsMax, createMailTransport, type MailServer } from '../transport.ts';
import { type BacklogStats, createMailBacklog } from './backlog.ts';
import { createMailSender, type MailOutcome } from './send.ts';

/** Sends the mails of the outbox. */
export type MailDelivery = {
  /** Has the outbox looked at soon. */
  wake(): void;
  /** Of mails that wait after an attempt that failed. */
  stats(): BacklogStats;
  /** Waits for the mails under way, but not for long; what is cut is sent again. */
  close(): Promise<void>;
};

export type MailDeliveryOptions = {
  db: Database;
  sealer: Sealer;
  log: Logger;
  server: MailServer;
  links: MailLinks;
  /** How long `close` waits. */
  closeGraceMs: number;
  /** For metrics, where there are any. */
  countMail?: ((outcome: MailOutcome) => void) | undefined;
};

/** How often the outbox is looked at where nothing wakes it. */
const everyMs = 1_000;
/** A mail is put in before its transaction is committed, hence this little patience. */
const wakeDelayMs = 50;
/** Twice what sending may take, so that nobody sends what somebody is sending. */
const leaseSeconds = 120;

/**
 * Sends the mails of the outbox and deletes each once the server has taken it. Several processes
 * share the work. No transaction and no connection of the pool is held while a mail is on its way.
 * Between the server's yes and the deletion lies the one moment in which a crash sends a mail twice;
 * then both have the same Message-ID.
 */
export function startMailDelivery(options: MailDeliveryOptions): MailDelivery {
  const { db, log, closeGraceMs, countMail = () => undefined } = options;
  const backlog = createMailBacklog(leaseSeconds);
  const transport = createMailTransport(options.server);
  const send = createMailSender({ ...options, transport, backlog, countMail });
  const underWay = new Set<Promise<void>>();
  let nudge: NodeJS.Timeout | null = null;
  const job = startRepeatingJob({
    everyMs,
    run: dispatch,
    onError: (err) => log.warn({ err }, 'mail outbox could not be read'),
  });

  /** Ends as soon as the mails are on their way: a slow one holds up no other. */
  async function dispatch(): Promise<void> {
    const rowsMax = connectionsMax - underWay.size;
    if (rowsMax === 0) return;
    for (const mail of await db.write(noScope, (tx) => claimMails(tx, { rowsMax, leaseSeconds }))) {
      const sending = send(mail).finally(() => {
        underWay.delete(sending);
        job.wake();
      });
      underWay.add(sending);
    }
  }

  return {
    stats: backlog.stats,
    wake() {
      nudge ??= setTimeout(() => {
        nudge = null;
        job.wake();
      }, wakeDelayMs).unref();
    },
    async close() {
      clearTimeout(nudge ?? undefined);
      await job.stop();
      const graceIsOver = setTimeout(transport.close, closeGraceMs);
      await Promise.all(underWay);
      clearTimeout(graceIsOver);
      transport.close();
    },
  };
}
