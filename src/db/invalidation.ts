import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../lib/log.ts';
import { toClientConfig } from './connection/client-config.ts';
import { connectMsMax } from './connection/connect.ts';
import { getAnnouncedPid, inspectRoute, PoolerError } from './connection/pooler.ts';
import type { Database } from './database.ts';

/** Hears which users and tenants other processes change (migrations/functions/tell_changes.sql). */
export type Changes = {
  /** False while a change may be missed: nothing may be remembered then. */
  isHeard: () => boolean;
  /** Resolves once every change committed before the call is heard, or changes are not heard any more. */
  catchUp: () => Promise<void>;
  close: () => Promise<void>;
};

export type ChangesOptions = {
  /** Reaches PostgreSQL itself, as the serving login. */
  url: string;
  /** Called with the id of a user or a tenant that changed, or null for all of them. */
  onChange: (id: string | null) => void;
  log: Log;
};

const channel = 'tenantry_changes';
/** How often the connection is proven, and how long a proof may take. */
const proveEveryMs = 500;
const proofMsMax = 1_000;
const reconnectAfterMs = { first: 250, most: 5_000 };

const unheardMessage =
  'invalidation listener is disconnected; every credential is checked with the database';
const pooledMessage =
  'notifications do not pass a pooler in transaction mode: set DATABASE_DIRECT_URL to a URL of PostgreSQL itself';

/** Listens on a connection of its own for as long as it takes, and connects again when that is lost. */
export function followChanges({ url, onChange, log }: ChangesOptions): Changes {
  const closing = new AbortController();
  let listener: Listener | null = null;

  /** Returns when the connection is lost. Throws where there is none, or where it leads through a pooler. */
  async function listen(): Promise<void> {
    const opened = await openListener(url, onChange);
    listener = opened;
    // close() was called while there was no listener yet.
    if (closing.signal.aborted) opened.end();
    const reason = await opened.lost;
    listener = null;
    // Anything may have changed meanwhile.
    onChange(null);
    if (reason instanceof PoolerError) throw reason;
  }

  async function follow(): Promise<void> {
    let pauseMs = reconnectAfterMs.first;
    let isAnnounced = false;
    while (!closing.signal.aborted) {
      try {
        await listen();
        pauseMs = reconnectAfterMs.first;
        isAnnounced = false;
      } catch (error) {
        if (!isAnnounced) log.warn({ err: error }, unheardMessage);
        isAnnounced = true;
        // No later try would find anything else.
        if (error instanceof PoolerError) return;
      }
      await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, reconnectAfterMs.most);
    }
  }

  const following = follow();
  return {
    isHeard: () => listener !== null,
    catchUp: async () => await listener?.catchUp(),
    async close() {
      closing.abort();
      listener?.end();
      await following;
    },
  };
}

/** One connection that listens. */
type Listener = {
  catchUp: () => Promise<void>;
  /** Resolves with the reason when changes are not heard any more. */
  lost: Promise<Error>;
  end: () => void;
};

/** Result of a proof: which backend serves this connection, and whether it takes writes. */
const proof = {
  name: 'prove',
  text: `select pg_backend_pid() as pid, current_setting('transaction_read_only')::boolean as "isReadOnly"`,
};
type Proof = { pid: number; isReadOnly: boolean };

/**
 * Opens a listener. Throws if there is no connection, and PoolerError if a pooler lends it for less than a session:
 * notifications to such a connection are lost.
 *
 * A proof is one statement. PostgreSQL signals listeners before it reports a commit to the client (AtCommit_Notify in
 * src/backend/commands/async.c), and a backend sends pending notifications before it is ready for the next statement
 * (PostgresMain in src/backend/tcop/postgres.c). So when a statement returns, the notifications of all transactions
 * that had committed before it was sent have been received.
 */
async function openListener(url: string, onChange: ChangesOptions['onChange']): Promise<Listener> {
  const client = new pg.Client({
    ...toClientConfig(url),
    application_name: 'tenantry changes',
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
  });
  const lost = Promise.withResolvers<Error>();
  client.on('error', lost.resolve);
  client.on('end', () => lost.resolve(new Error('the connection has ended')));
  client.on('notification', ({ payload }) => {
    onChange(payload === 'everything' ? null : (payload ?? null));
  });
  let timer: NodeJS.Timeout | undefined;
  let isLost = false;
  const ended = lost.promise.then((reason) => {
    isLost = true;
    clearInterval(timer);
    void client.end().catch(() => undefined);
    return reason;
  });
  try {
    await client.connect();
    const pid = await findOwnProcess(client, url);
    await client.query(`listen ${channel}`);
    const catchUp = shareNext(() => prove(client, pid).catch((e) => lost.resolve(toError(e))));
    await catchUp();
    if (isLost) throw await lost.promise;
    timer = setInterval(() => void catchUp(), proveEveryMs);
    timer.unref();
    return { catchUp, lost: ended, end: () => lost.resolve(new Error('closed')) };
  } catch (error) {
    lost.resolve(toError(error));
    throw error;
  }
}

/** The id of the process that serves a connection, and nobody else. Throws PoolerError where others share it. */
async function findOwnProcess(client: pg.Client, url: string): Promise<number> {
  const { pid } = await ask(client);
  if (pid === getAnnouncedPid(client) || (await inspectRoute(url)) === 'session') return pid;
  throw new PoolerError(pooledMessage);
}

/** Throws where the connection is cut or silent, is served by another process, or takes no changes. */
async function prove(client: pg.Client, ownPid: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  // After what has come in is read: this process may have been busy itself.
  const timer = setTimeout(
    () => setImmediate(() => late.reject(new Error('the connection is silent'))),
    proofMsMax,
  );
  try {
    const { pid, isReadOnly } = await Promise.race([ask(client), late.promise]);
    if (pid !== ownPid) throw new PoolerError(pooledMessage);
    // A server that was primary once: changes are made elsewhere by now.
    if (isReadOnly) throw new Error('this server takes no changes');
  } finally {
    clearTimeout(timer);
  }
}

async function ask(client: pg.Client): Promise<Proof> {
  const { rows } = await client.query<Proof>(proof);
  return rows[0] ?? { pid: 0, isReadOnly: true };
}

/** Runs `work` once at a time. Calls made while it runs share the next run, which begins after they came. */
function shareNext(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    next ??= current.then(() => {
      next = null;
      current = work();
      return current;
    });
    return next;
  };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * A database whose transactions are over once this process has heard of their changes: nothing it remembers is older
 * than what it has done itself.
 */
export function withInvalidation(database: Database, changes: Changes): Database {
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
