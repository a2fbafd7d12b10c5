import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { findToken } from './mail.ts';
import { pathOfTls } from './tls-cluster.ts';

/** A mail as the mail server got it. */
export type ReceivedMail = {
  /** Of the envelope. */
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** The token of the first link in the text, or null. */
  token: string | null;
  /** Everything as it came over the wire. */
  raw: string;
  parsed: ParsedMail;
};

/** What the server answers instead of taking a mail: a reply such as 450 or 550, or null to take it. */
export type Rejection = { code: number; message: string } | null;

/** A real mail server on this machine that keeps what it is sent. Give its url to SMTP_URL. */
export type TestMailServer = {
  url: string;
  /** Everything taken, in order. */
  mails: ReceivedMail[];
  /** Tells of every mail once it has come and before it is answered; may hold the answer back. */
  onMessage: (mail: ReceivedMail) => Promise<Rejection> | Rejection;
  onRecipient: (address: string) => Rejection;
  /** The first mail to somebody (and of that subject) that no earlier call has answered. */
  waitForMail: (to: string, subject?: RegExp) => Promise<ReceivedMail>;
  /** Takes it away, as if it had crashed; and brings it back under the same address. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
  /** Whether it offers STARTTLS from its next start on, with a certificate that nobody trusts. */
  hasTls: boolean;
};

/** The name and password that a client has to sign in with. */
type Login = { user: string; password: string };

type Waiter = { matches: (mail: ReceivedMail) => boolean; resolve: (mail: ReceivedMail) => void };

/** Starts a mail server; stop it in `afterAll`. With a login it takes mails of nobody else. */
export async function startTestMail(login: Login | null = null): Promise<TestMailServer> {
  const unseen: ReceivedMail[] = [];
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
      const at = unseen.findIndex(matches);
      const [come] = at < 0 ? [] : unseen.splice(at, 1);
      if (come) return Promise.resolve(come);
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
    else unseen.push(mail);
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
    onAuth: ({ username, password }, _session, answer) =>
      username === login?.user && password === login?.password
        ? answer(null, { user: username })
        : answer(new Error('wrong user or password')),
    closeTimeout: 100,
    onRcptTo: ({ address }, _session, answer) => answer(toError(mailServer.onRecipient(address))),
    async onData(stream, session, answer) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const { mailFrom, rcptTo } = session.envelope;
      const mail = await readMail(Buffer.concat(chunks), {
        from: mailFrom ? mailFrom.address : '',
        to: rcptTo.map(({ address }) => address),
      });
      const rejection = await mailServer.onMessage(mail);
      if (!rejection) keep(mail);
      answer(toError(rejection));
    },
  });
  // A client that is cut off in the middle is what some tests are about.
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
