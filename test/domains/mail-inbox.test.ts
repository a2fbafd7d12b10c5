import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { openSession, post, send } from '../support/credentials.ts';
import { invite, inviteOne, sendInvitation } from '../support/invitations.ts';
import { readLastMail, settleResets } from '../support/mail.ts';
import { createPerson, createTeam } from '../support/people.ts';
import { startTestMail, type TestMailServer } from '../support/smtp.ts';

// Every kind of mail, on a server that shows mails in its inbox and then on one with a mail server.

let shared: TestDatabase;
let mail: TestMailServer;
beforeAll(async () => {
  mail = await startTestMail();
  shared = await createTestDatabase();
});
afterAll(async () => {
  await shared.drop();
  await mail.stop();
});

/** Starts a server on the database that these tests share; it is closed when the test ends, if not before. */
async function startOnShared(environment: Record<string, string> = {}): Promise<TestApp> {
  const database = { ...shared, drop: async () => undefined };
  const app = await startTestApp(environment, { database });
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= app.close();
    return closing;
  };
  onTestFinished(close);
  return { ...app, close };
}

/** Calls every mutation that sends a mail. Add new ones here. */
async function sendEveryMail(app: TestApp): Promise<void> {
  const team = await createTeam(app);
  const { owner } = team;
  await app.owner.query('delete from sign_in_budgets');
  await send(owner.ask, 'requestEmailVerification');
  await send(app.ask, 'requestPasswordReset', { email: owner.email });
  const { token } = await readLastMail(app, owner.email);
  const newPassword = 'a heron over the pond';
  await send(app.ask, 'resetPassword', { token, newPassword });
  const again = await openSession(app, { email: owner.email, password: newPassword });
  await send(again.ask, 'changePassword', {
    currentPassword: newPassword,
    newPassword: 'slow violet tractors hum',
  });
  const lines = ['one', 'two'].map((word) => ({ email: `${word}@people.example`, roleKeys: [] }));
  await invite(team, lines, again.ask);
  const { id } = await inviteOne(team, 'three@people.example', { ask: again.ask });
  await sendInvitation(again.ask, 'resendInvitation', { invitationId: id });
}

/** Counts the mails that nobody has tried to send: those of the inbox, and those to be sent. */
async function countWaiting({ owner }: TestApp) {
  const { rows } = await owner.query(
    `select count(*) filter (where is_for_inbox)::int as shown,
       count(*) filter (where not is_for_inbox)::int as sent
     from mail_outbox where attempts = 0`,
  );
  return rows[0];
}

test('mails of every kind are shown in the inbox, and are not sent once a mail server is set', async () => {
  const shown = await startOnShared();
  await sendEveryMail(shown);
  // A sign-up, two links, two notices of a new password, and three invitations, one of them sent twice.
  expect(await countWaiting(shown)).toEqual({ shown: 9, sent: 0 });
  const page = await (await fetch(`${shown.url}/dev/inbox`)).text();
  for (const word of ['one', 'two', 'three']) expect(page).toContain(`${word}@people.example`);
  await shown.close();
  const sending = await startOnShared({ SMTP_URL: mail.url });
  const later = await createPerson(sending);
  await mail.waitForMail(later.email);
  expect(mail.mails.map(({ to }) => to)).toEqual([[later.email]]);
  expect(await countWaiting(sending)).toEqual({ shown: 9, sent: 0 });
});

test('mails of every kind are sent when a mail server is set', async () => {
  const sending = await startOnShared({ SMTP_URL: mail.url });
  const before = mail.mails.length;
  await sendEveryMail(sending);
  await expect.poll(() => mail.mails.length - before).toBe(9);
});

test('a mail that waited for a mail server links to the page that is set when it is sent', async () => {
  const waiting = await startOnShared({ MAIL_INBOX: 'off' });
  const team = await createTeam(waiting);
  await inviteOne(team, 'patient@people.example');
  await waiting.close();
  await startOnShared({
    SMTP_URL: mail.url,
    INVITATION_URL: 'https://app.example/join',
  });
  const received = await mail.waitForMail('patient@people.example');
  expect(received.text).toContain(`https://app.example/join#token=${received.token}`);
  expect(received.html).toContain(`<a href="https://app.example/join#token=${received.token}">`);
  expect(received.text).not.toContain('localhost');
});

test('a mail that has waited for three days is no longer sent', async () => {
  const sending = await startOnShared({ SMTP_URL: mail.url });
  const { owner, app } = sending;
  const sealed = app.runtime.mail.sealer.seal('{"subject":"Hello","text":"Text"}');
  await owner.query(
    `insert into mail_outbox (recipient, sealed_message, created_at)
     values ('stale@people.example', $1, now() - interval '3 days')`,
    [sealed],
  );
  const find = async () =>
    (await owner.query(`select from mail_outbox where recipient = 'stale@people.example'`))
      .rowCount;
  await expect.poll(find, { timeout: 15_000 }).toBe(0);
  expect(mail.mails.flatMap(({ to }) => to)).not.toContain('stale@people.example');
});

test('a mail written by the previous release links to the page that is set, too', async () => {
  const sending = await startOnShared({
    SMTP_URL: mail.url,
    PASSWORD_RESET_URL: 'https://app.example/reset',
  });
  const link = 'http://localhost:4000/dev/password-reset#token=tenantry_reset_x1';
  const old = { subject: 'Choose', text: `If it was you:\n\n${link}\n\nIt is good once.` };
  const sealed = sending.app.runtime.mail.sealer.seal(JSON.stringify(old));
  await sending.owner.query('select enqueue_mail($1, $2, false)', ['old@people.example', sealed]);
  const received = await mail.waitForMail('old@people.example');
  const address = 'https://app.example/reset#token=tenantry_reset_x1';
  expect(received.text.trim()).toBe(`If it was you:\n\n${address}\n\nIt is good once.`);
  expect(received.html).toContain(`<a href="${address}">`);
});

test('a link is built from settings alone, whatever headers the request has', async () => {
  const app = await startOnShared();
  const person = await createPerson(app);
  await app.owner.query('delete from sign_in_budgets');
  const headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'gopher',
    'x-original-host': 'evil.example',
    forwarded: 'host=evil.example',
    origin: 'https://evil.example',
    referer: 'https://evil.example/',
  };
  const { status } = await post(
    app,
    {
      query: `mutation ($input: RequestPasswordResetInput!) {
        requestPasswordReset(input: $input) { __typename } }`,
      variables: { input: { email: person.email } },
    },
    headers,
  );
  expect(status).toBe(200);
  await settleResets(app);
  const { rows } = await app.owner.query<{ sealed: Buffer }>(
    'select sealed_message as sealed from mail_outbox where recipient = $1 order by id desc limit 1',
    [person.email],
  );
  const opened = app.app.runtime.mail.sealer.open(rows[0]?.sealed ?? Buffer.alloc(0)) ?? '';
  expect(opened).toContain('tenantry_reset_');
  expect(opened).not.toMatch(/evil|gopher|https?:/);
});
