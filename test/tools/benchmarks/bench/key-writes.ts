import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Contestant, measure } from './measure.ts';
import { connections } from './pace.ts';

/**
 * PostgreSQL's connections tell what they wrote within a second while they are busy, and within ten
 * (PGSTAT_IDLE_INTERVAL) once they are idle.
 */
const settleMs = 11_000;

/**
 * Rows that each key check inserts, changes or deletes. That a key was used is noted once a minute; all notes are
 * made due at the beginning, so more is written than usual and never less. Sessions are left out: nothing
 * here asks for one, and those that have expired are cleared away meanwhile.
 */
export async function measureKeyWrites(
  client: pg.Client,
  keys: Contestant,
  milliseconds: number,
): Promise<number> {
  await client.query('update api_keys set last_used_at = null');
  await sleep(settleMs);
  const before = await countWrites(client);
  const { perSecond } = await measure(keys, { connections, milliseconds }, client);
  await sleep(settleMs);
  return ((await countWrites(client)) - before) / (perSecond * (milliseconds / 1_000));
}

async function countWrites(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ writes: number }>(
    `select sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 as writes from pg_stat_user_tables
     where relname <> 'sessions'`,
  );
  return rows[0]?.writes ?? 0;
}
