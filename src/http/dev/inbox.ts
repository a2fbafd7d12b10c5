import { escapeHtml } from '../../lib/mail-body.ts';
import { renderLayout } from './layout.ts';

/** A mail as the inbox shows it. */
export type InboxEntry = {
  id: string;
  to: string;
  subject: string;
  /** A fragment of HTML that is safe to show: no markup but paragraphs and links. */
  html: string;
  createdAt: Date;
};

/** The page of the inbox; it looks for new mails by itself. */
export function renderInbox(mails: readonly InboxEntry[]): string {
  const list = mails.length > 0 ? mails.map(renderMail).join('\n') : renderEmpty();
  return renderLayout(
    'Inbox',
    'inbox.js',
    `<header>
<h1>Inbox</h1>
<p>What this server would send once <code>SMTP_URL</code> names a mail server. The newest hundred stay.
Try <a href="/dev/sign-up">signing up</a> or <a href="/dev/password-reset">a forgotten password</a>.</p>
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
  return '<p class="about">No mail yet. One that comes shows here by itself.</p>';
}
