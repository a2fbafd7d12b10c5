import type pg from 'pg';
import { announceWaitAfterMs, type Log } from '../../lib/log.ts';
import { openOwnerClient } from './owner-client.ts';
import { getAnnouncedPid } from './pooler.ts';

/**
 * Runs a statement of `client` that may wait for row or table locks. A wait of 2 s is logged once, with the sessions
 * that hold them, and goes on.
 */
export async function announceLockWait<T>(
  client: pg.Client,
  { ownerUrl, log }: { ownerUrl: string; log: Log },
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => {
    announce(getAnnouncedPid(client), ownerUrl, log).catch(() => undefined);
  }, announceWaitAfterMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Uses a connection of its own, because the other one is waiting. */
async function announce(pid: number, ownerUrl: string, log: Log): Promise<void> {
  const observer = await openOwnerClient(ownerUrl);
  try {
    const { rows } = await observer.query<{ holder: string }>(
      `select coalesce(nullif(application_name, ''), 'unnamed') || ' (pid ' || pid || ')' as holder
       from pg_stat_activity where pid = any (pg_blocking_pids($1))`,
      [pid],
    );
    const heldBy = rows.map(({ holder }) => holder);
    if (heldBy.length > 0) log.warn({ heldBy }, 'waiting for a lock');
  } finally {
    await observer.end();
  }
}
