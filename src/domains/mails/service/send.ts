import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import type { Sealer } from '../../../lib/sealer.ts';
import type { Logger } from '../../../observability/logger.ts';
import { openMessage } from '../message.ts';
import * as queries from '../queries.ts';
import { describeFault, getWaitSeconds, isGivenUp, type MailFault } from '../rules.ts';
import type { MailTransport } from '../transport.ts';

export type MailSenderOptions = {
  db: Database;
  sealer: Sealer;
  log: Logger;
  transport: MailTransport;
};

/**
 * What becomes of a claimed mail: gone once the server has taken it, put back for later, or given up.
 * Raises nothing: a mail whose outcome cannot be noted comes back when its lease ends.
 */
export function createMailSender(options: MailSenderOptions) {
  const { db, log } = options;
  return async (mail: queries.ClaimedMail): Promise<void> => {
    try {
      const fault = await trySend(options, mail);
      if (fault === null) await db.read(noScope, (tx) => queries.deleteMail(tx, mail.id));
      else await putBack(options, mail, fault);
    } catch (err) {
      log.warn({ ...createNote(mail), err }, 'what became of a mail could not be noted');
    }
  };
}

async function trySend(
  { sealer, transport }: MailSenderOptions,
  { id, recipient, sealedMessage, createdAt }: queries.ClaimedMail,
): Promise<MailFault | null> {
  const message = openMessage(sealer, sealedMessage);
  if (message === null) return { code: 'SEALED WITH ANOTHER SECRET' };
  try {
    await transport.send({ ...message, id, to: recipient, createdAt });
    return null;
  } catch (error) {
    return error as MailFault;
  }
}

async function putBack(
  { db, log }: MailSenderOptions,
  mail: queries.ClaimedMail,
  found: MailFault,
): Promise<void> {
  const fault = describeFault(found);
  const note = { ...createNote(mail), fault };
  if (isGivenUp(found, mail.ageSeconds)) {
    await db.read(noScope, (tx) => queries.deleteMail(tx, mail.id));
    log.error(note, 'a mail is given up');
    return;
  }
  const waitSeconds = getWaitSeconds(mail.attempts, Math.random());
  await db.read(noScope, (tx) => queries.postponeMail(tx, mail, { waitSeconds, fault }));
  log.warn({ ...note, waitSeconds }, 'a mail was not taken and waits');
}

/** What may be said of a mail in a log: never the whole address, nor what it says. */
function createNote({ id, recipient, attempts }: queries.ClaimedMail) {
  return { mailId: id, recipientDomain: recipient.slice(recipient.indexOf('@') + 1), attempts };
}
