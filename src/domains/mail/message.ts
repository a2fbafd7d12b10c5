import type { MailContent, MailLink, MailLinkKind } from '../../core/mail.ts';
import { renderHtml, renderText } from '../../lib/mail-body.ts';
import type { Sealer } from '../../lib/sealer.ts';

/** The pages that links lead to, without a fragment. */
export type MailLinks = Readonly<Record<MailLinkKind, string>>;

/** A mail in plain text and in HTML. The two say the same. */
export type Message = { subject: string; text: string; html: string };

/**
 * Opens a sealed mail and writes its links as addresses, with the token in the fragment, which no server
 * logs. The pages are those of the settings now, not of when the mail was written. Returns null for a mail
 * that was sealed with another secret.
 */
export function openMessage(sealer: Sealer, links: MailLinks, sealed: Uint8Array): Message | null {
  const opened = sealer.open(sealed);
  if (opened === null) return null;
  const { subject, body } = readContent(JSON.parse(opened));
  const parts = body.map((part) =>
    typeof part === 'string' ? part : { href: `${links[part.link]}#token=${part.token}` },
  );
  return { subject, text: renderText(parts), html: renderHtml(parts) };
}

/** Before links had their own place, a mail was one text with the address on a line of its own. */
type OldContent = { subject: string; text: string };

function readContent(content: MailContent | OldContent): MailContent {
  if ('body' in content) return content;
  const { subject, text } = content;
  return { subject, body: text.split('\n\n').map((part) => findOldLink(part) ?? part) };
}

const kinds: Readonly<Record<string, MailLinkKind>> = {
  invite: 'invitation',
  verify: 'emailVerification',
  reset: 'passwordReset',
};

function findOldLink(paragraph: string): MailLink | null {
  const [, token = '', word = ''] = /^\S+#token=(tenantry_([a-z]+)_\S+)$/.exec(paragraph) ?? [];
  const link = kinds[word];
  return link ? { link, token } : null;
}
