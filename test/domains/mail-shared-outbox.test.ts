import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { startTestMail, type TestMailServer } from '../support/smtp.ts';

let mail: TestMailServer;
let servers: TestApp[];
let shared: TestDatabase;
beforeAll(async () => {
  mail = await startTestMail();
  shared = await createTestDatabase();
  // Dropped once, after the last server has closed.
  const database = { ...shared, drop: async () => undefined };
  const environment = { SMTP_URL: mail.url };
  servers = [
    await startTestApp(environment, { database }),
    await startTestApp(environment, { database }),
    await startTestApp(environment, { database }),
  ];
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await shared.drop();
  await mail.stop();
});

test('servers that share one outbox send each mail once, and share the work', async () => {
  const [{ owner, app }] = servers as [TestApp];
  const addresses = Array.from(
    { length: 60 },
    () => `${randomBytes(6).toString('hex')}@mail.example`,
  );
  // Each server sends at most five mails at a time, so fifteen at once take all three.
  let underWay = 0;
  const { promise: isShared, resolve: share } = Promise.withResolvers<null>();
  mail.onMessage = () => {
    underWay += 1;
    if (underWay === 15) share(null);
    return isShared;
  };
  const sealed = Buffer.from(app.runtime.mail.sealer.seal('{"subject":"Hello","text":"Text"}'));
  await owner.query('select enqueue_mail(address, $2, false) from unnest($1::text[]) address', [
    addresses,
    sealed,
  ]);
  for (const server of servers) server.app.runtime.mail.wake();
  await Promise.all(addresses.map((address) => mail.waitForMail(address)));
  await expect.poll(async () => (await owner.query('select id from mail_outbox')).rows).toEqual([]);
  expect(mail.mails.map(({ to }) => to[0]).sort()).toEqual(addresses.toSorted());
});
