import type { Database } from '../../../db/database.ts';
import { noScope } from '../../../db/scope.ts';
import type { Sealer } from '../../../lib/sealer.ts';
import { type MailLinks, openMessage } from '../message.ts';
import { listInbox } from '../queries.ts';

/** A mail as the inbox of development shows it. */
export type InboxMail = {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  createdAt: Date;
};

const mailsMax = 100;

/** The newest mails that would have been sent, newest first. Those of another secret are left out. */
export async function listInboxMails(
  db: Database,
  sealer: Sealer,
  links: MailLinks,
): Promise<InboxMail[]> {
  const rows = await db.read(noScope, (tx) => listInbox(tx, mailsMax));
  return rows.flatMap(({ id, recipient, sealedMessage, createdAt }) => {
    const message = openMessage(sealer, links, sealedMessage);
    return message === null ? [] : [{ ...message, id, to: recipient, createdAt }];
  });
}
