import { createTransport } from 'nodemailer';

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
  /** Resolves once the server has taken the mail over. Raises what nodemailer says is wrong. */
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
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  return {
    async send({ id, to, subject, text, html, createdAt }) {
      await transport.sendMail({
        // A copy each time: nodemailer rewrites what it is given.
        from: { ...from },
        to: { name: '', address: to },
        envelope: { from: from.address, to: [to] },
        messageId: `<${id}@${domain}>`,
        date: createdAt,
        subject: toOneLine(subject),
        text,
        html,
        // RFC 3834: nobody's absence is to be answered to.
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.timeout(sendTimeoutMs),
      });
    },
    close: () => transport.close({ force: true }),
  };
}

/** A line break would begin a header of somebody else's choice. */
function toOneLine(subject: string): string {
  return subject.replace(/\p{Cc}+/gu, ' ');
}
