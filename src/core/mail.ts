import type { Db } from '../db/database.ts';
import type { Ctx } from './context.ts';

/** What a mail says: `subject` one line, `text` plain text, `html` the same for who prefers it. */
export type MailContent = {
  subject: string;
  text: string;
  /** Left out: made from the text, with its links. */
  html?: string;
};

/** A mail as it will be read. `to` is a canonical address. */
export type Mail = MailContent & { to: string };

/** What a link in a mail is for; where each leads is a setting. */
export type MailLinkKind = 'invitation' | 'emailVerification' | 'passwordReset';

/**
 * Sends a mail once the transaction is committed, and only then: it waits in the outbox, sealed, until
 * the mail server takes it. Raises nothing of the mail server's.
 */
export async function enqueueMail(ctx: Ctx, tx: Db, { to, ...content }: Mail): Promise<void> {
  const { isForInbox, wake } = ctx.runtime.mail;
  await tx.$queryRaw`select enqueue_mail(${to}, ${sealMail(ctx, content)}, ${isForInbox})::text`;
  wake();
}

/** The content as it waits in the outbox, where nobody can read it. */
export function sealMail(ctx: Ctx, { subject, text, html }: MailContent): Uint8Array<ArrayBuffer> {
  return ctx.runtime.mail.sealer.seal(JSON.stringify({ subject, text, html }));
}

/** The same for many, in one statement. */
export async function enqueueMails(ctx: Ctx, tx: Db, mails: readonly Mail[]): Promise<void> {
  if (mails.length === 0) return;
  const sealed = mails.map(({ subject, text }) =>
    ctx.runtime.mail.sealer.seal(JSON.stringify({ subject, text })),
  );
  await tx.$queryRaw`
    select enqueue_mail(m.recipient, m.message)::text
    from unnest(${mails.map(({ to }) => to)}::text[], ${sealed}::bytea[]) m (recipient, message)`;
  ctx.runtime.mail.wake();
}

/** The address behind a link in a mail, with its token in the fragment, which no server logs. */
export function createMailLink(ctx: Ctx, kind: MailLinkKind, token: string): string {
  return `${ctx.runtime.mail.links[kind]}#token=${token}`;
}
