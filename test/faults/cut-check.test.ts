import { beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../support/child.ts';
import { describeApp } from '../support/describe-app.ts';
import { createTeam, type Team } from '../support/people.ts';

// One statement checks the credentials of all requests in flight, so one broken connection could fail them all.

const app = describeApp();
let team: Team;
beforeAll(async () => {
  team = await createTeam(app);
});

test('a connection that breaks while it checks many credentials fails no request', async () => {
  const { token, userId } = team.owner;
  await app.owner.query('begin; lock table sessions in access exclusive mode');
  const pending = Array.from({ length: 8 }, () => app.ask('{ viewer { user { id } } }', { token }));
  await waitUntil(async () => (await listWaiting()).length > 0);
  for (const pid of await listWaiting()) {
    await app.owner.query('select pg_terminate_backend($1)', [pid]);
  }
  await app.owner.query('rollback');
  for (const response of await Promise.all(pending)) {
    expect(response).toEqual({ data: { viewer: { user: { id: userId } } } });
  }
});

/** The pids of connections that wait for the lock. */
async function listWaiting(): Promise<number[]> {
  const { rows } = await app.owner.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.map(({ pid }) => pid);
}
