import { loadConfig } from '../../src/config.ts';
import { openMessage } from '../../src/domains/mail/message.ts';
import type { TestApp } from './app.ts';

/** A mail as it waits in the outbox. */
export type WaitingMail = {
  /** Id of the row in the outbox. */
  id: string;
  to: string;
  subject: string;
  text: string;
  /** The token of the first link in the text, or null. */
  token: string | null;
};

const { links } = loadConfig({ PORT: '0' }).mail;

/** Settles the password reset requests that the server would settle a moment later. */
export async function settleResets({ owner }: Pick<TestApp, 'owner'>): Promise<void> {
  // A request that the server is settling is skipped here, and deleted by the server.
  const isWaiting = 'select exists (select from password_reset_requests) as waits';
  while ((await owner.query<{ waits: boolean }>(isWaiting)).rows[0]?.waits) {
    await owner.query('select settle_reset_request(1800, 10, 600)');
  }
}

/** The mails in the outbox, to one address or to all, oldest first. */
export async function readMails(app: Pick<TestApp, 'app' | 'owner'>, to: string | null = null) {
  await settleResets(app);
  const { rows } = await app.owner.query<{ id: string; recipient: string; sealed: Buffer }>(
    `select id, recipient, sealed_message as sealed from mail_outbox
     where $1::text is null or recipient = $1 order by id`,
    [to],
  );
  return rows.map(({ id, recipient, sealed }): WaitingMail => {
    const opened = openMessage(app.app.runtime.mail.sealer, links, sealed);
    if (opened === null) throw new Error(`mail ${id} was sealed with another secret`);
    const { subject, text } = opened;
    return { id, to: recipient, subject, text, token: findToken(text) };
  });
}

/** The newest mail to an address. Throws if there is none. */
export async function readLastMail(
  app: Pick<TestApp, 'app' | 'owner'>,
  to: string,
): Promise<WaitingMail> {
  const mail = (await readMails(app, to)).at(-1);
  if (!mail) throw new Error(`no mail to ${to}`);
  return mail;
}

/** The token in the link of the newest invitation to an address. Throws if there is none. */
export async function readInvitationToken(
  app: Pick<TestApp, 'app' | 'owner'>,
  to: string,
): Promise<string> {
  const tokens = (await readMails(app, to)).map(({ token }) => token);
  const token = tokens.findLast((found) => found?.startsWith('tenantry_invite_'));
  if (!token) throw new Error(`no invitation to ${to}`);
  return token;
}

/** The token in the fragment of the first link of a text, or null. */
export function findToken(text: string): string | null {
  return /#token=([\w-]+)/.exec(text)?.[1] ?? null;
}
