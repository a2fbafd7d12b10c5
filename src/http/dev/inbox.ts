import { escapeHtml } from '../../lib/mail-body.ts';
import { renderLayout } from './layout.ts';

/** A mail in the inbox. */
export type InboxEntry = {
  id: string;
  to: string;
  subject: string;
  /** Safe HTML: only paragraphs and links. */
  html: string;
  createdAt: Date;
};

/** The inbox page, which refreshes itself. */
export function renderInbox(mails: readonly InboxEntry[]): string {
  const list = mails.length > 0 ? mails.map(renderMail).join('\n') : renderEmpty();
  return renderLayout(
    'Inbox',
    'inbox.js',
    `<header>
<h1>Inbox</h1>
<p>Mails that this server would send if <code>SMTP_URL</code> were set. The newest hundred are kept.
Try <a href="/dev/sign-up">signing up</a> or <a href="/dev/password-reset">resetting a password</a>.</p>
</header>
<main id="mails">
${list}
</main>`,
  );
}

function renderMail({ id, to, subject, html, createdAt }: InboxEntry): string {
  const at = createdAt.toISOString();
  return `<article id="${escapeHtml(id)}">
<h2>${escapeHtml(subject)}</h2>
<p class="about">to <b>${escapeHtml(to)}</b> at <time datetime="${at}">${at}</time></p>
${html}
</article>`;
}

function renderEmpty(): string {
  return '<p class="about">No mail yet. New mails appear here automatically.</p>';
}
