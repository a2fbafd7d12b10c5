import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import type { Sealer } from '../../../lib/sealer.ts';
import type { Logger } from '../../../observability/logger.ts';
import { type MailLinks, openMessage } from '../message.ts';
import * as queries from '../queries.ts';
import { describeFault, getWaitSeconds, isGivenUp, isTooOld, type MailFault } from '../rules.ts';
import type { MailTransport } from '../transport.ts';
import type { MailBacklog } from './backlog.ts';

export type MailSenderOptions = {
  db: Database;
  sealer: Sealer;
  log: Logger;
  links: MailLinks;
  transport: MailTransport;
  backlog: MailBacklog;
  /** For metrics, where there are any. */
  countMail: (outcome: MailOutcome) => void;
};

/** How an attempt to send a mail can end. */
export type MailOutcome = 'sent' | 'postponed' | 'given_up';

/**
 * What becomes of a claimed mail: gone once the server has taken it, put back for later, or given up.
 * Throws nothing: a mail whose outcome cannot be noted comes back when its lease ends.
 */
export function createMailSender(options: MailSenderOptions) {
  const { log } = options;
  return async (mail: queries.ClaimedMail): Promise<void> => {
    try {
      const fault = await trySend(options, mail);
      if (fault === null) await finish(options, mail, 'sent');
      else await putBack(options, mail, fault);
    } catch (err) {
      log.warn({ ...createNote(mail), err }, 'mail status could not be saved');
    }
  };
}

async function trySend(
  { sealer, links, transport }: MailSenderOptions,
  { id, recipient, sealedMessage, createdAt, ageSeconds }: queries.ClaimedMail,
): Promise<MailFault | null> {
  if (isTooOld(ageSeconds)) return { code: 'WAITED TOO LONG' };
  const message = openMessage(sealer, links, sealedMessage);
  if (message === null) return { code: 'SEALED WITH ANOTHER SECRET' };
  try {
    await transport.send({ ...message, id, to: recipient, createdAt });
    return null;
  } catch (error) {
    return error as MailFault;
  }
}

/** Of a mail that was sent nothing is kept. */
async function finish(
  { db, backlog, countMail }: MailSenderOptions,
  { id }: queries.ClaimedMail,
  outcome: 'sent' | 'given_up',
): Promise<void> {
  countMail(outcome);
  backlog.noteDone(id);
  await db.write(noScope, (tx) => queries.deleteMail(tx, id));
}

async function putBack(
  options: MailSenderOptions,
  mail: queries.ClaimedMail,
  found: MailFault,
): Promise<void> {
  const { db, log, backlog, countMail } = options;
  const fault = describeFault(found);
  const note = { ...createNote(mail), fault };
  if (isGivenUp(found, mail.ageSeconds)) {
    await finish(options, mail, 'given_up');
    log.error(note, 'mail given up');
    return;
  }
  const waitSeconds = getWaitSeconds(mail.attempts, Math.random());
  countMail('postponed');
  backlog.noteWaiting(mail, waitSeconds);
  await db.write(noScope, (tx) => queries.postponeMail(tx, mail, { waitSeconds, fault }));
  log.warn({ ...note, waitSeconds }, 'mail could not be sent; retrying later');
}

/** Log fields of a mail: never the whole address, nor the content. */
function createNote({ id, recipient, attempts }: queries.ClaimedMail) {
  return { mailId: id, recipientDomain: recipient.slice(recipient.indexOf('@') + 1), attempts };
}
