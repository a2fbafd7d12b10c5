import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { findToken } from './mail.ts';
import { pathOfTls } from './tls-cluster.ts';

/** A mail as the mail server received it. */
export type ReceivedMail = {
  /** Sender of the envelope. */
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** The token of the first link in the text, or null. */
  token: string | null;
  /** The source of the mail as received. */
  raw: string;
  parsed: ParsedMail;
};

/** An SMTP reply such as 450 or 550 that rejects a mail, or null to accept it. */
export type Rejection = { code: number; message: string } | null;

/** A local SMTP server that keeps all mails. Pass its URL as SMTP_URL. */
export type TestMailServer = {
  url: string;
  /** All accepted mails, in order. */
  mails: ReceivedMail[];
  /** Called with every mail before the reply, which it may delay. */
  onMessage: (mail: ReceivedMail) => Promise<Rejection> | Rejection;
  onRecipient: (address: string) => Rejection;
  /** The first mail to an address, perhaps with a subject, that no earlier call has returned. */
  waitForMail: (to: string, subject?: RegExp) => Promise<ReceivedMail>;
  /** Stops the server, as if it had crashed. */
  stop: () => Promise<void>;
  /** Starts it again on the same port. */
  start: () => Promise<void>;
  /** Whether it offers STARTTLS from its next start on, with an untrusted certificate. */
  hasTls: boolean;
};

/** The credentials that a client must authenticate with. */
type Login = { user: string; password: string };

type Waiter = { matches: (mail: ReceivedMail) => boolean; resolve: (mail: ReceivedMail) => void };

/** Starts a mail server; stop it in `afterAll`. With a login it accepts only mails of that client. */
export async function startTestMail(login: Login | null = null): Promise<TestMailServer> {
  const unread: ReceivedMail[] = [];
  const waiters: Waiter[] = [];
  let server: SMTPServer | null = null;
  let port = 0;
  const mailServer: TestMailServer = {
    url: '',
    mails: [],
    onMessage: () => null,
    onRecipient: () => null,
    hasTls: false,
    waitForMail(to, subject = /./) {
      const matches = (mail: ReceivedMail) => mail.to.includes(to) && subject.test(mail.subject);
      const at = unread.findIndex(matches);
      const [received] = at < 0 ? [] : unread.splice(at, 1);
      if (received) return Promise.resolve(received);
      return new Promise((resolve) => waiters.push({ matches, resolve }));
    },
    async stop() {
      const stopping = server;
      server = null;
      await new Promise<void>((resolve) => (stopping ? stopping.close(resolve) : resolve()));
    },
    async start() {
      server = createServer(mailServer, keep, login);
      const { promise, resolve } = Promise.withResolvers<void>();
      const listening = server.listen(port, '127.0.0.1', resolve);
      await promise;
      port = (listening.address() as AddressInfo).port;
      mailServer.url = `smtp://127.0.0.1:${port}`;
    },
  };

  function keep(mail: ReceivedMail): void {
    mailServer.mails.push(mail);
    const at = waiters.findIndex(({ matches }) => matches(mail));
    const [waiter] = at < 0 ? [] : waiters.splice(at, 1);
    if (waiter) waiter.resolve(mail);
    else unread.push(mail);
  }

  await mailServer.start();
  return mailServer;
}

function createServer(
  mailServer: TestMailServer,
  keep: (mail: ReceivedMail) => void,
  login: Login | null,
) {
  const server = new SMTPServer({
    key: readFileSync(pathOfTls('server.key')),
    cert: readFileSync(pathOfTls('self-signed.pem')),
    authOptional: login === null,
    allowInsecureAuth: true,
    disabledCommands: [
      ...(login === null ? ['AUTH'] : []),
      ...(mailServer.hasTls ? [] : ['STARTTLS']),
    ],
    onAuth: ({ username, password }, _session, reply) =>
      username === login?.user && password === login?.password
        ? reply(null, { user: username })
        : reply(new Error('wrong user or password')),
    closeTimeout: 100,
    onRcptTo: ({ address }, _session, reply) => reply(toError(mailServer.onRecipient(address))),
    async onData(stream, session, reply) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const { mailFrom, rcptTo } = session.envelope;
      const mail = await readMail(Buffer.concat(chunks), {
        from: mailFrom ? mailFrom.address : '',
        to: rcptTo.map(({ address }) => address),
      });
      const rejection = await mailServer.onMessage(mail);
      if (!rejection) keep(mail);
      reply(toError(rejection));
    },
  });
  // Some tests cut a client off.
  server.on('error', () => undefined);
  return server;
}

async function readMail(
  raw: Buffer,
  envelope: Pick<ReceivedMail, 'from' | 'to'>,
): Promise<ReceivedMail> {
  const parsed = await simpleParser(raw);
  const { subject = '', text = '', html, messageId = '' } = parsed;
  return {
    ...envelope,
    subject,
    text,
    html: html || '',
    messageId,
    token: findToken(text),
    raw: raw.toString('latin1'),
    parsed,
  };
}

function toError(rejection: Rejection): Error | null {
  if (rejection === null) return null;
  return Object.assign(new Error(rejection.message), { responseCode: rejection.code });
}
