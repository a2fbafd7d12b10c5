import type { MailContent } from '../../core/mail.ts';
import { textToHtml } from '../../lib/mail-html.ts';
import type { Sealer } from '../../lib/sealer.ts';

/** A mail's content with its form in HTML. */
export type Message = Required<MailContent>;

/** Reads what `enqueueMail` sealed; null for what was sealed with another secret. */
export function openMessage(sealer: Sealer, sealed: Uint8Array): Message | null {
  const opened = sealer.open(sealed);
  if (opened === null) return null;
  const { subject, text, html } = JSON.parse(opened) as MailContent;
  return { subject, text, html: html ?? textToHtml(text) };
}
