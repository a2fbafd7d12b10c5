import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Database } from './database.ts';
import type { DatabaseLog } from './log.ts';

/** What this process hears of what others commit (migrations/023_tell_changes). */
export type Changes = {
  /** False where something may be missed: nothing may be remembered then. */
  isHeard: () => boolean;
  /** Resolves when everything is heard that was committed before the call, or nothing is heard any more. */
  catchUp: () => Promise<void>;
  close: () => Promise<void>;
};

export type ChangesOptions = {
  /** The serving login's. */
  url: string;
  /** Called with the id of a user or a tenant that changed, or null for all of them. */
  onChange: (id: string | null) => void;
  log: DatabaseLog;
};

const channel = 'tenantry_changes';
/** How often the connection has to prove that it hears, and how long that may take. */
const proveEveryMs = 500;
const proofMsMax = 1_000;
const reconnectAfterMs = { first: 250, most: 5_000 };

const deafMessage =
  'Changes by other processes are not heard, so every credential is checked anew. Behind a pooler that lends ' +
  'connections for a transaction that stays so: set CREDENTIAL_CACHE_MS=0 to have it said no more.';

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * Listens on a connection of its own, for as long as it takes, and connects again when it is cut. That it
 * hears is proven by what it tells itself: PostgreSQL delivers notifications in the order of their commits
 * (https://www.postgresql.org/docs/18/sql-notify.html), so whoever hears its own has heard all before it.
 * Through a pooler that lends connections out for a transaction nothing is ever heard, and it says so once.
 */
export function followChanges({ url, onChange, log }: ChangesOptions): Changes {
  const closing = new AbortController();
  let ear: Ear | null = null;
  let isAnnounced = false;

  async function follow(): Promise<void> {
    let pauseMs = reconnectAfterMs.first;
    while (!closing.signal.aborted) {
      const opened = await openEar(url, onChange).catch(toError);
      if (!(opened instanceof Error)) {
        ear = opened;
        isAnnounced = false;
        pauseMs = reconnectAfterMs.first;
        // Closed while this one was being opened, when there was none yet to end.
        if (closing.signal.aborted) opened.end();
        await opened.lost;
        ear = null;
        // What was said meanwhile, nobody has heard.
        onChange(null);
      } else if (!isAnnounced) {
        isAnnounced = true;
        log.warn({ err: opened }, deafMessage);
      }
      await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, reconnectAfterMs.most);
    }
  }

  const following = follow();
  return {
    isHeard: () => ear !== null,
    catchUp: async () => await ear?.catchUp(),
    async close() {
      closing.abort();
      ear?.end();
      await following;
    },
  };
}

/** One connection that listens. */
type Ear = {
  catchUp: () => Promise<void>;
  /** Resolves when it hears no more. */
  lost: Promise<void>;
  end: () => void;
};

/** Opens one, proven once. Raises when it cannot be had or does not hear. */
async function openEar(url: string, onChange: ChangesOptions['onChange']): Promise<Ear> {
  const echo = `tenantry_echo_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({
    connectionString: url,
    application_name: 'tenantry changes',
    connectionTimeoutMillis: proofMsMax,
    keepAlive: true,
  });
  const lost = Promise.withResolvers<void>();
  let heard = Promise.withResolvers<void>();
  client.on('error', () => lost.resolve());
  client.on('end', () => lost.resolve());
  client.on('notification', ({ channel: said, payload }) => {
    if (said === echo) heard.resolve();
    else onChange(payload === 'everything' ? null : (payload ?? null));
  });

  async function prove(): Promise<void> {
    heard = Promise.withResolvers();
    // After what has come in is read: a process that was busy itself is no connection that was cut.
    const late = setTimeout(() => setImmediate(lost.resolve), proofMsMax);
    try {
      await client.query({ name: 'prove', text: 'select pg_notify($1, null)', values: [echo] });
      await Promise.race([heard.promise, lost.promise]);
    } catch {
      lost.resolve();
    } finally {
      clearTimeout(late);
    }
  }

  // One proof at a time; whoever comes while one is under way shares the next, which begins after it came.
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  const catchUp = () => {
    next ??= current.then(() => {
      next = null;
      current = prove();
      return current;
    });
    return next;
  };

  let isLost = false;
  const ended = lost.promise.then(() => {
    isLost = true;
    clearInterval(timer);
    void client.end().catch(() => undefined);
  });
  const timer = setInterval(() => void catchUp(), proveEveryMs);
  timer.unref();
  try {
    await client.connect();
    await client.query(`listen ${channel}; listen ${echo}`);
    await catchUp();
  } catch (error) {
    lost.resolve();
    throw error;
  }
  if (isLost) throw new Error('nothing is heard on this connection');
  return { catchUp, lost: ended, end: () => lost.resolve() };
}

/**
 * The database, whose transactions are over when this process has heard of what they changed: nothing that it
 * remembers is older than what it has done itself.
 */
export function heedChanges(database: Database, changes: Changes): Database {
  return {
    ...database,
    async transaction(scope, work) {
      try {
        return await database.transaction(scope, work);
      } finally {
        await changes.catchUp();
      }
    },
  };
}
