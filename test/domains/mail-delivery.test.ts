import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { send } from '../support/credentials.ts';
import { hasPython, readWithMailparser, readWithPython } from '../support/mail-parsers.ts';
import { rolesOf } from '../support/serving.ts';
import { type ReceivedMail, startTestMail, type TestMailServer } from '../support/smtp.ts';

// A server that sends its mails to a real mail server, and every way in which delivery can fail.

let mail: TestMailServer;
let server: BareApp;
beforeEach(async () => {
  mail = await startTestMail();
  server = await startBareApp({
    SMTP_URL: mail.url,
    MAIL_FROM: 'Tenantry <post@tenantry.example>',
  });
});
afterEach(async () => {
  await server.close();
  await mail.stop();
});

const password = 'slow violet tractors hum';
const newEmail = () => `reader-${randomBytes(6).toString('hex')}@mail.example`;

async function signUp(email: string): Promise<void> {
  expect(await send(server.ask, 'signUp', { email, password })).toMatchObject({ code: null });
}

/** A row of the outbox; `wait` is the number of seconds until the next attempt. */
type OutboxRow = { id: string; attempts: number; last_fault: string | null; wait: number };

async function listOutbox(): Promise<OutboxRow[]> {
  const { rows } = await server.asOwner(
    `select id, attempts, last_fault, extract(epoch from next_attempt_at - now())::float as wait
     from mail_outbox order by id`,
  );
  return rows;
}

/** Waits until `count` mails have failed and are to be retried, then returns the outbox. */
async function waitForFailures(count = 1): Promise<OutboxRow[]> {
  await expect
    .poll(async () => (await listOutbox()).filter(({ last_fault }) => last_fault).length)
    .toBe(count);
  return await listOutbox();
}

/** Makes the next attempt of every mail due. */
const makeDue = () => server.asOwner('update mail_outbox set next_attempt_at = now()');
const waitUntilEmpty = () => expect.poll(listOutbox).toEqual([]);

describe('a mail', () => {
  test('is sent once, as plain text and HTML, and then removed from the outbox', async () => {
    const email = newEmail();
    await signUp(email);
    const received = await mail.waitForMail(email);
    expect(received).toMatchObject({
      from: 'post@tenantry.example',
      to: [email],
      subject: 'Please confirm your e-mail address',
    });
    expect(received.parsed.from?.text).toBe('"Tenantry" <post@tenantry.example>');
    expect(received.parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(received.messageId).toMatch(/^<[0-9a-f-]{36}@tenantry\.example>$/);
    expect(received.html).toContain(`<a href="http://localhost:0/dev/email-verification#token=`);
    expect(received.html).not.toMatch(/<img|<script/);
    expect(received.text).toContain(received.token);
    await waitUntilEmpty();
    expect(mail.mails).toHaveLength(1);
    const verified = await send(server.ask, 'verifyEmail', { token: received.token });
    expect(verified).toMatchObject({ code: null, value: { email } });
  });

  test('of a transaction that failed is never sent', async () => {
    const email = newEmail();
    await signUp(email);
    await mail.waitForMail(email);
    expect(await send(server.ask, 'signUp', { email, password })).toMatchObject({
      code: 'CONFLICT',
    });
    const next = newEmail();
    await signUp(next);
    await mail.waitForMail(next);
    expect(mail.mails.map(({ to }) => to[0])).toEqual([email, next]);
  });

  test('gets no extra header from a line break in its subject', async () => {
    const { app } = server;
    const subject = 'Hello\r\nBcc: victim@mail.example\r\n\r\nand a body of my own';
    const sealed = app.runtime.mail.sealer.seal(JSON.stringify({ subject, text: 'Text' }));
    await server.asOwner('select enqueue_mail($1, $2, false)', [newEmail(), Buffer.from(sealed)]);
    await expect.poll(() => mail.mails.length).toBe(1);
    const [received] = mail.mails;
    expect(received?.to).toHaveLength(1);
    expect(received?.parsed.bcc).toBeUndefined();
    expect(received?.raw).not.toMatch(/^Bcc:/im);
    expect(received?.text).toBe('Text');
    expect(received?.subject).toBe('Hello Bcc: victim@mail.example and a body of my own');
  });

  test('shows names as they were typed, even when they look like encoded words', async () => {
    const tenantName = '=?utf-8?B?aHR0cHM6Ly9ldmlsLmV4YW1wbGU=?= Zoë 👩‍💻 עברית';
    const name = '=?utf-8?Q?=0D=0ABcc=3A_victim=40evil?=';
    const input = { email: newEmail(), password, name, tenantName };
    const { value } = await send(server.ask, 'signUp', input);
    const to = newEmail();
    const invited = await server.ask(
      `mutation ($input: InviteMembersInput!) { inviteMembers(input: $input) { __typename } }`,
      {
        token: value.token,
        variables: {
          input: { tenantId: value.tenant.id, invitations: [{ email: to, roleKeys: ['member'] }] },
        },
      },
    );
    expect(invited.data.inviteMembers.__typename).toBe('InviteMembersSuccess');
    const received = await mail.waitForMail(to);
    const raw = Buffer.from(received.raw, 'latin1');
    const read = [
      ...(await readWithMailparser([raw])),
      ...(hasPython ? readWithPython([raw]) : []),
    ];
    for (const { subject, to: recipients, names } of read) {
      expect(subject).toBe(`Invitation to join ${tenantName}`);
      expect(recipients).toEqual([['', to]]);
      expect(names).not.toContain('bcc');
    }
    expect(received.text).toContain(`${name} invites you to join "${tenantName}".`);
    expect(received.html.match(/<a /g)).toHaveLength(1);
    expect(received.html).not.toContain('bcc:');
  });
});

describe('a mail server', () => {
  test('that is down fails no request, and gets the mail once it is back', async () => {
    await mail.stop();
    const email = newEmail();
    await signUp(email);
    const [waiting] = await waitForFailures();
    expect(waiting).toMatchObject({ attempts: 1, last_fault: 'ESOCKET CONN ECONNREFUSED' });
    await mail.start();
    await makeDue();
    const received = await mail.waitForMail(email);
    expect(received.messageId).toContain(waiting?.id);
    await waitUntilEmpty();
  });

  test('whose certificate is not trusted gets no mail, and the outbox records the certificate error', async () => {
    await mail.stop();
    mail.hasTls = true;
    await mail.start();
    await signUp(newEmail());
    expect(await waitForFailures()).toMatchObject([
      { last_fault: 'ESOCKET CONN DEPTH_ZERO_SELF_SIGNED_CERT' },
    ]);
    expect(mail.mails).toEqual([]);
  });

  test('that rejects a mail for now is tried again, with growing delays', async () => {
    mail.onRecipient = () => ({ code: 450, message: 'mailbox busy' });
    await signUp(newEmail());
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await expect
        .poll(async () => {
          const [row] = await listOutbox();
          return row?.last_fault && row.attempts === attempt ? row.last_fault : null;
        })
        .toBe('EENVELOPE RCPT TO 450');
      const [row] = await listOutbox();
      waits.push(row?.wait ?? 0);
      await server.asOwner(`update mail_outbox set last_fault = null, next_attempt_at = now()`);
    }
    for (const [at, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(5 * 2 ** at);
    expect(waits[3]).toBeGreaterThan(15);
    mail.onRecipient = () => null;
    await makeDue();
    await waitUntilEmpty();
    expect(mail.mails).toHaveLength(1);
  });

  test('that reports an unknown mailbox is not tried again, and the log does not name the recipient', async () => {
    const email = newEmail();
    mail.onRecipient = (address) => ({ code: 550, message: `no mailbox ${address}` });
    await signUp(email);
    await waitUntilEmpty();
    expect(mail.mails).toEqual([]);
    const log = server.lines.join('');
    expect(log).toContain('mail given up');
    expect(log).toContain('"recipientDomain":"mail.example"');
    expect(log).not.toContain(email);
  });

  test('that rejects every mail leaves the mails in the outbox for a retry', async () => {
    mail.onMessage = () => ({ code: 451, message: 'not now' });
    await signUp(newEmail());
    expect(await waitForFailures()).toMatchObject([{ last_fault: 'EMESSAGE DATA 451' }]);
  });

  test('that keeps rejecting a mail is tried for three days only', async () => {
    mail.onRecipient = () => ({ code: 450, message: 'mailbox busy' });
    await signUp(newEmail());
    await waitForFailures();
    await server.asOwner(
      `update mail_outbox set created_at = now() - interval '3 days', next_attempt_at = now()`,
    );
    await waitUntilEmpty();
    expect(server.lines.join('')).toContain('mail given up');
  });

  test('that is slow delays no other mail and holds no connection of the pool', async () => {
    const slow = newEmail();
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasArrived, resolve: arrive } = Promise.withResolvers<ReceivedMail>();
    mail.onMessage = async (received) => {
      if (!received.to.includes(slow)) return null;
      arrive(received);
      await isOver;
      return null;
    };
    await signUp(slow);
    await hasArrived;
    const quick = newEmail();
    await signUp(quick);
    await mail.waitForMail(quick);
    const { size, idle } = server.app.db.poolStat();
    expect(size - idle).toBe(0);
    end();
    await mail.waitForMail(slow);
    await waitUntilEmpty();
  });
});

test('a crash between delivery and deletion sends the mail again with the same Message-ID', async () => {
  const email = newEmail();
  // The mail server has accepted the mail, but its row cannot be deleted, as after a crash.
  await server.asOwner(
    `revoke execute on function delete_mail from ${rolesOf(server.ownerUrl).app}`,
  );
  await signUp(email);
  const first = await mail.waitForMail(email);
  await expect.poll(() => server.lines.join('')).toContain('mail status could not be saved');
  await server.asOwner(`grant execute on function delete_mail to ${rolesOf(server.ownerUrl).app}`);
  expect((await listOutbox())[0]?.wait).toBeGreaterThan(60);
  await makeDue();
  const second = await mail.waitForMail(email);
  expect(second.messageId).toBe(first.messageId);
  await waitUntilEmpty();
});

test('a shutdown waits for the mail being sent, and a mail that it has to interrupt is retried', async () => {
  const { promise: hasArrived, resolve: arrive } = Promise.withResolvers<void>();
  mail.onMessage = async () => {
    arrive();
    return await new Promise<null>(() => undefined);
  };
  const stopping = await startBareApp({ SMTP_URL: mail.url, SHUTDOWN_GRACE_MS: '50' });
  const input = { email: newEmail(), password };
  expect(await send(stopping.ask, 'signUp', input)).toMatchObject({ code: null });
  await hasArrived;
  await stopping.close();
  expect(stopping.lines.join('')).toContain('mail could not be sent; retrying later');
});

test('neither the log nor the outbox contains a token or the text of a mail', async () => {
  const email = newEmail();
  mail.onMessage = () => ({ code: 451, message: 'not now' });
  await signUp(email);
  await waitForFailures();
  const { rows } = await server.asOwner('select m::text as row from mail_outbox m');
  const log = server.lines.join('');
  for (const text of [
    'tenantry_verify',
    'Please confirm',
    Buffer.from('confirm').toString('hex'),
  ]) {
    expect(JSON.stringify(rows)).not.toContain(text);
    expect(log).not.toContain(text);
  }
  expect(log).not.toContain(email);
});
