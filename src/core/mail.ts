import type { Db } from '../db/database.ts';
import type { Ctx } from './context.ts';

/** The purpose of a link in a mail; the page it leads to is a setting. */
export type MailLinkKind = 'invitation' | 'emailVerification' | 'passwordReset';

/** A link with its one-time token. It becomes a URL when the mail is sent or shown. */
export type MailLink = { link: MailLinkKind; token: string };

/** The content of a mail: a one-line subject, and paragraphs of plain text or links. */
export type MailContent = {
  subject: string;
  body: readonly (string | MailLink)[];
};

/** A mail; `to` is a canonical address. */
export type Mail = MailContent & { to: string };

/** A mail as the outbox stores it: encrypted, and either sent or shown, never both. */
export type SealedMail = {
  message: Uint8Array<ArrayBuffer>;
  /** Shown at /dev/inbox and never sent, even if a mail server is set later. */
  isForInbox: boolean;
};

/**
 * Adds mails to the outbox, in one statement. They are sent after the transaction commits. Every mail goes through
 * here, except that of settle_reset_request(), which decides in the database whether the user exists. Throws no error
 * of the mail server.
 */
export async function enqueueMail(ctx: Ctx, tx: Db, mails: Mail | readonly Mail[]): Promise<void> {
  const list: readonly Mail[] = 'to' in mails ? [mails] : mails;
  if (list.length === 0) return;
  const sealed = list.map((mail) => sealMail(ctx, mail));
  await tx.$queryRaw`
    select enqueue_mail(m.recipient, m.message, m.for_inbox)::text
    from unnest(${list.map(({ to }) => to)}::text[], ${sealed.map(({ message }) => message)}::bytea[],
      ${sealed.map(({ isForInbox }) => isForInbox)}::boolean[]) m (recipient, message, for_inbox)`;
  ctx.runtime.mail.wake();
}

/** Seals a mail for the outbox of this server. */
export function sealMail(ctx: Ctx, { subject, body }: MailContent): SealedMail {
  const { sealer, isForInbox } = ctx.runtime.mail;
  return { message: sealer.seal(JSON.stringify({ subject, body })), isForInbox };
}
