import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { send } from '../support/credentials.ts';
import { hasPython, readWithMailparser, readWithPython } from '../support/mail-parsers.ts';
import { rolesOf } from '../support/serving.ts';
import { type ReceivedMail, startTestMail, type TestMailServer } from '../support/smtp.ts';

// A whole server whose mails go to a real mail server, and everything that can go wrong on the way.

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

/** How long to look for what is bound to come: the outbox is looked at once a second. */
type Waiting = { id: string; attempts: number; last_fault: string | null; wait: number };

async function listWaiting(): Promise<Waiting[]> {
  const { rows } = await server.asOwner(
    `select id, attempts, last_fault, extract(epoch from next_attempt_at - now())::float as wait
     from mail_outbox order by id`,
  );
  return rows;
}

/** Resolves once the mails have been put back, with what is waiting. */
async function untilPutBack(count = 1): Promise<Waiting[]> {
  await expect
    .poll(async () => (await listWaiting()).filter(({ last_fault }) => last_fault).length)
    .toBe(count);
  return await listWaiting();
}

/** Lets the time until the next attempt be over. */
const makeDue = () => server.asOwner('update mail_outbox set next_attempt_at = now()');
const untilEmpty = () => expect.poll(listWaiting).toEqual([]);

describe('a mail', () => {
  test('leaves once, as plain text and HTML, and then waits no more', async () => {
    const email = newEmail();
    await signUp(email);
    const got = await mail.waitForMail(email);
    expect(got).toMatchObject({
      from: 'post@tenantry.example',
      to: [email],
      subject: 'Please confirm your e-mail address',
    });
    expect(got.parsed.from?.text).toBe('"Tenantry" <post@tenantry.example>');
    expect(got.parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(got.messageId).toMatch(/^<[0-9a-f-]{36}@tenantry\.example>$/);
    expect(got.html).toContain(`<a href="http://localhost:0/dev/email-verification#token=`);
    expect(got.html).not.toMatch(/<img|<script/);
    expect(got.text).toContain(got.token);
    await untilEmpty();
    expect(mail.mails).toHaveLength(1);
    const verified = await send(server.ask, 'verifyEmail', { token: got.token });
    expect(verified).toMatchObject({ code: null, value: { email } });
  });

  test('of a transaction that failed never leaves', async () => {
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

  test('can have no header smuggled in by its subject', async () => {
    const { app } = server;
    const subject = 'Hello\r\nBcc: victim@mail.example\r\n\r\nand a body of my own';
    const sealed = app.runtime.mail.sealer.seal(JSON.stringify({ subject, text: 'Text' }));
    await server.asOwner('select enqueue_mail($1, $2, false)', [newEmail(), Buffer.from(sealed)]);
    await expect.poll(() => mail.mails.length).toBe(1);
    const [got] = mail.mails;
    expect(got?.to).toHaveLength(1);
    expect(got?.parsed.bcc).toBeUndefined();
    expect(got?.raw).not.toMatch(/^Bcc:/im);
    expect(got?.text).toBe('Text');
    expect(got?.subject).toBe('Hello Bcc: victim@mail.example and a body of my own');
  });

  test('shows names as they were typed, also those that a mail program could decode', async () => {
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
    const got = await mail.waitForMail(to);
    const raw = Buffer.from(got.raw, 'latin1');
    const read = [
      ...(await readWithMailparser([raw])),
      ...(hasPython ? readWithPython([raw]) : []),
    ];
    for (const { subject, to: recipients, names } of read) {
      expect(subject).toBe(`Invitation to join ${tenantName}`);
      expect(recipients).toEqual([['', to]]);
      expect(names).not.toContain('bcc');
    }
    expect(got.text).toContain(`${name} invites you to join "${tenantName}".`);
    expect(got.html.match(/<a /g)).toHaveLength(1);
    expect(got.html).not.toContain('bcc:');
  });
});

describe('a mail server', () => {
  test('that is down neither fails nor delays anything; the mail leaves when it is back', async () => {
    await mail.stop();
    const email = newEmail();
    await signUp(email);
    const [waiting] = await untilPutBack();
    expect(waiting).toMatchObject({ attempts: 1, last_fault: 'ESOCKET CONN ECONNREFUSED' });
    await mail.start();
    await makeDue();
    const got = await mail.waitForMail(email);
    expect(got.messageId).toContain(waiting?.id);
    await untilEmpty();
  });

  test('whose certificate is not trusted gets no mail, and the log says that it is the certificate', async () => {
    await mail.stop();
    mail.hasTls = true;
    await mail.start();
    await signUp(newEmail());
    expect(await untilPutBack()).toMatchObject([
      { last_fault: 'ESOCKET CONN DEPTH_ZERO_SELF_SIGNED_CERT' },
    ]);
    expect(mail.mails).toEqual([]);
  });

  test('that answers later is asked again, ever more seldom', async () => {
    mail.onRecipient = () => ({ code: 450, message: 'mailbox busy' });
    await signUp(newEmail());
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await expect
        .poll(async () => {
          const [row] = await listWaiting();
          return row?.last_fault && row.attempts === attempt ? row.last_fault : null;
        })
        .toBe('EENVELOPE RCPT TO 450');
      const [row] = await listWaiting();
      waits.push(row?.wait ?? 0);
      await server.asOwner(`update mail_outbox set last_fault = null, next_attempt_at = now()`);
    }
    for (const [at, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(5 * 2 ** at);
    expect(waits[3]).toBeGreaterThan(15);
    mail.onRecipient = () => null;
    await makeDue();
    await untilEmpty();
    expect(mail.mails).toHaveLength(1);
  });

  test('that knows no such mailbox is not asked again, and the log names nobody', async () => {
    const email = newEmail();
    mail.onRecipient = (address) => ({ code: 550, message: `no mailbox ${address}` });
    await signUp(email);
    await untilEmpty();
    expect(mail.mails).toEqual([]);
    const log = server.lines.join('');
    expect(log).toContain('mail given up');
    expect(log).toContain('"recipientDomain":"mail.example"');
    expect(log).not.toContain(email);
  });

  test('that refuses everybody has the mails wait until its settings are mended', async () => {
    mail.onMessage = () => ({ code: 451, message: 'not now' });
    await signUp(newEmail());
    expect(await untilPutBack()).toMatchObject([{ last_fault: 'EMESSAGE DATA 451' }]);
  });

  test('that never would is given up after three days', async () => {
    mail.onRecipient = () => ({ code: 450, message: 'mailbox busy' });
    await signUp(newEmail());
    await untilPutBack();
    await server.asOwner(
      `update mail_outbox set created_at = now() - interval '3 days', next_attempt_at = now()`,
    );
    await untilEmpty();
    expect(server.lines.join('')).toContain('mail given up');
  });

  test('that is slow holds up no other mail, and no connection of the pool', async () => {
    const slow = newEmail();
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasCome, resolve: come } = Promise.withResolvers<ReceivedMail>();
    mail.onMessage = async (got) => {
      if (!got.to.includes(slow)) return null;
      come(got);
      await isOver;
      return null;
    };
    await signUp(slow);
    await hasCome;
    const quick = newEmail();
    await signUp(quick);
    await mail.waitForMail(quick);
    const { size, idle } = server.app.db.poolStat();
    expect(size - idle).toBe(0);
    end();
    await mail.waitForMail(slow);
    await untilEmpty();
  });
});

test('a crash between the answer and the deletion sends the mail again under the same Message-ID', async () => {
  const email = newEmail();
  // The mail server has taken the mail, but the row cannot be deleted: as good as a crash.
  await server.asOwner(
    `revoke execute on function delete_mail from ${rolesOf(server.ownerUrl).app}`,
  );
  await signUp(email);
  const first = await mail.waitForMail(email);
  await expect.poll(() => server.lines.join('')).toContain('mail status could not be saved');
  await server.asOwner(`grant execute on function delete_mail to ${rolesOf(server.ownerUrl).app}`);
  expect((await listWaiting())[0]?.wait).toBeGreaterThan(60);
  await makeDue();
  const second = await mail.waitForMail(email);
  expect(second.messageId).toBe(first.messageId);
  await untilEmpty();
});

test('a stop waits for the mail under way, and what it has to cut comes back', async () => {
  const { promise: hasCome, resolve: come } = Promise.withResolvers<void>();
  mail.onMessage = async () => {
    come();
    return await new Promise<null>(() => undefined);
  };
  const hasty = await startBareApp({ SMTP_URL: mail.url, SHUTDOWN_GRACE_MS: '50' });
  const input = { email: newEmail(), password };
  expect(await send(hasty.ask, 'signUp', input)).toMatchObject({ code: null });
  await hasCome;
  await hasty.close();
  expect(hasty.lines.join('')).toContain('mail could not be sent; retrying later');
});

test('neither log nor outbox holds a token or what a mail says', async () => {
  const email = newEmail();
  mail.onMessage = () => ({ code: 451, message: 'not now' });
  await signUp(email);
  await untilPutBack();
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
