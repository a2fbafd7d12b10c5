import { afterEach, expect, test } from 'vitest';
import { startBareApp } from '../support/bare-app.ts';
import { startTestMail } from '../support/smtp.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Starts a server with metrics; `read` returns one of them. */
async function openApp(environment: Record<string, string>) {
  const app = await startBareApp({ METRICS_PORT: '0', LOG_LEVEL: 'warn', ...environment });
  closers.push(app.close);
  const read = async (name: string): Promise<number> => {
    const text = await (await fetch(app.app.metricsUrl ?? '')).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  };
  return { ...app, read };
}

const signUp = `mutation { signUp(input: { email: "somebody@people.example", name: "Somebody",
  password: "a harbour without any wind" }) { __typename } }`;

test('a mail that the mail server postpones is counted as waiting until it is sent', async () => {
  const mail = await startTestMail();
  closers.push(mail.stop);
  let isBusy = true;
  mail.onRecipient = () => (isBusy ? { code: 450, message: 'busy' } : null);
  const app = await openApp({ SMTP_URL: mail.url });
  await app.ask(signUp);
  await expect.poll(() => app.read('tenantry_mails_waiting')).toBe(1);
  expect(await app.read('tenantry_mails_oldest_seconds')).toBeGreaterThan(0);
  expect(await app.read('tenantry_mails_total{outcome="postponed"}')).toBeGreaterThan(0);
  expect(await app.read('tenantry_mails_total{outcome="sent"}')).toBe(0);
  isBusy = false;
  await app.asOwner('update mail_outbox set next_attempt_at = now()');
  await expect.poll(() => app.read('tenantry_mails_waiting')).toBe(0);
  expect(await app.read('tenantry_mails_oldest_seconds')).toBe(0);
  expect(await app.read('tenantry_mails_total{outcome="sent"}')).toBe(1);
});

test('a mail that is rejected for good is counted as given up, and no longer as waiting', async () => {
  const mail = await startTestMail();
  closers.push(mail.stop);
  mail.onRecipient = () => ({ code: 550, message: 'nobody here' });
  const app = await openApp({ SMTP_URL: mail.url });
  await app.ask(signUp);
  const givenUp = 'tenantry_mails_total{outcome="given_up"}';
  await expect.poll(() => app.read(givenUp)).toBe(1);
  expect(await app.read('tenantry_mails_waiting')).toBe(0);
});

test('housekeeping failures are counted, and reset by a success', async () => {
  const app = await openApp({ HOUSEKEEPING_INTERVAL_SECONDS: '1' });
  const failures = () => app.read('tenantry_housekeeping_failures');
  await app.asOwner('alter table sessions rename to somewhere_else');
  await expect.poll(failures).toBeGreaterThan(1);
  await app.asOwner('alter table somewhere_else rename to sessions');
  await expect.poll(failures).toBe(0);
});
