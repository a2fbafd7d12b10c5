import { createTransport, type SendMailOptions } from 'nodemailer';
import { encodeHeaderText, toHeaderLine } from '../../lib/header-text.ts';

/** A mail server, and whom mails are from. */
export type MailServer = {
  /** smtp:// or smtps://, with user and password. */
  url: string;
  from: { name: string; address: string };
};

/** A mail on its way. `id` is its row's: the server sees the same Message-ID each time it is sent. */
export type OutgoingMail = {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  createdAt: Date;
};

export type MailTransport = {
  /** Resolves once the server has taken the mail over. Throws what nodemailer says is wrong. */
  send(mail: OutgoingMail): Promise<void>;
  /** Cuts what is still under way. */
  close(): void;
};

/** Mails that are on their way at the same time, each over a connection of its own. */
export const connectionsMax = 5;

/** From its first byte to its last, whatever the server does; shorter than the lease of a mail. */
const sendTimeoutMs = 60_000;

/** Sends over kept connections, with TLS where the server offers it (STARTTLS) or the URL says so. */
export function createMailTransport({ url, from }: MailServer): MailTransport {
  const transport = createTransport({
    pool: true,
    url,
    maxConnections: connectionsMax,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    // Shorter than servers keep an idle connection: one that they have closed costs an attempt.
    idleTimeout: 10_000,
    // Trying again is the outbox's to decide.
    maxRequeues: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      const signal = AbortSignal.timeout(sendTimeoutMs);
      await transport.sendMail({ ...composeMessage(from, mail), signal });
    },
    close: () => transport.close({ force: true }),
  };
}

/**
 * The message that is sent. Of its headers only Subject and To hold what somebody typed: the one is encoded
 * here, the other is a canonical address, which cannot look like an encoded word.
 */
export function composeMessage(
  from: MailServer['from'],
  { id, to, subject, text, html, createdAt }: OutgoingMail,
): SendMailOptions {
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  return {
    from: { name: toHeaderLine(from.name), address: from.address },
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    messageId: `<${id}@${domain}>`,
    date: createdAt,
    text,
    html,
    headers: {
      // Not as nodemailer would: it sends an encoded word that somebody typed as it is.
      Subject: { prepared: true, value: encodeHeaderText(toHeaderLine(subject)) },
      // RFC 3834: no automatic replies.
      'Auto-Submitted': 'auto-generated',
    },
  };
}
