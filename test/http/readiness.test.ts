import { afterEach, expect, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { startCrashingCluster } from '../support/crashing-cluster.ts';

let closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

async function start(): Promise<BareApp> {
  const app = await startBareApp();
  closers.push(app.close);
  return app;
}

/** Polls, as the first connection on a busy machine may take longer than the half second of a probe. */
const expectReady = (app: { url: string }) =>
  expect.poll(() => probe(app, '/readyz')).toEqual([200, 'ok']);

const probe = async ({ url }: { url: string }, path: string) => {
  const response = await fetch(url + path);
  return [response.status, await response.text()];
};

test('a server is ready with a database of its own version or a later one', async () => {
  const app = await start();
  await expectReady(app);
  await app.asOwner(
    `insert into _prisma_migrations (id, checksum, migration_name, finished_at)
     values ('later', 'later', '999_of_a_later_release', now())`,
  );
  await expectReady(app);
});

test.each([
  ['is missing', 'delete from _prisma_migrations where migration_name = $1'],
  [
    'has not finished',
    'update _prisma_migrations set finished_at = null where migration_name = $1',
  ],
  [
    'was rolled back',
    'update _prisma_migrations set rolled_back_at = now() where migration_name = $1',
  ],
])(
  'a server is not ready if a migration %s, and does not disclose the reason',
  async (_state, sql) => {
    const app = await start();
    await expectReady(app);
    await app.asOwner(sql, ['006_grants']);
    expect(await probe(app, '/readyz')).toEqual([503, '']);
    expect(await probe(app, '/healthz')).toEqual([200, 'ok']);
  },
);

test('a server without its database is alive but not ready, and is ready again once it is back', async () => {
  const cluster = await startCrashingCluster();
  const app = await startTestApp({}, { database: cluster.database });
  closers.push(cluster.database.drop, app.close);
  // The tests' own connection goes down with the rest.
  app.owner.on('error', () => undefined);
  await expectReady(app);
  await cluster.kill();
  expect(await probe(app, '/readyz')).toEqual([503, '']);
  expect(await probe(app, '/healthz')).toEqual([200, 'ok']);
  await cluster.restart();
  await expectReady(app);
});
