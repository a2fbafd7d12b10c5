import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { createTeam, type Team } from '../support/people.ts';

// The credentials of all requests in flight are checked by one statement: the one connection it is on must
// not take them all down.

let app: TestApp;
let team: Team;
beforeAll(async () => {
  app = await startTestApp();
  team = await createTeam(app);
});
afterAll(() => app.close());

test('a connection that ends under the check of many requests fails none of them', async () => {
  const { token, userId } = team.owner;
  await app.owner.query('begin; lock table sessions in access exclusive mode');
  const asked = Array.from({ length: 8 }, () => app.ask('{ viewer { user { id } } }', { token }));
  await waitUntil(async () => (await listWaiting()).length > 0);
  for (const pid of await listWaiting()) {
    await app.owner.query('select pg_terminate_backend($1)', [pid]);
  }
  await app.owner.query('rollback');
  for (const answer of await Promise.all(asked)) {
    expect(answer).toEqual({ data: { viewer: { user: { id: userId } } } });
  }
});

/** The connections whose statement waits for the lock. */
async function listWaiting(): Promise<number[]> {
  const { rows } = await app.owner.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.map(({ pid }) => pid);
}
