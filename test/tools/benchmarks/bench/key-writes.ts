import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type LoadTarget, measure } from './measure.ts';
import { connections } from './pace.ts';

/** PostgreSQL reports the writes of an idle connection within ten seconds (PGSTAT_IDLE_INTERVAL). */
const settleMs = 11_000;

/**
 * Rows that a key check inserts, updates or deletes. The last use of a key is saved once a minute; all are due at the
 * beginning, so the result is an upper bound. Sessions are omitted, since only housekeeping writes them here.
 */
export async function measureKeyWrites(
  client: pg.Client,
  keys: LoadTarget,
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
