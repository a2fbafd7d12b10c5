import { createShared } from '../../core/shared-parts.ts';
import { noScope } from '../../db/scope.ts';
import { createIdleJob } from '../../lib/repeating-job.ts';
import { listHeads, listUserEvents } from './queries/feed.ts';
import type { UserEvent } from './rules.ts';

/** How often a process polls the database for all its subscribers; never without any. */
const pollEveryMs = 250;

type Notify = (events: readonly UserEvent[]) => void;
type AuditLog = { sequence: number | null; listeners: Set<() => void> };
type WatchedUser = { listeners: Set<Notify> };

/** Notifies subscribers; each method returns a function that unsubscribes. */
export type AuditFeed = {
  /** Calls `wake` when an audit log may have new entries. */
  watchAuditLog: (chainId: string, wake: () => void) => () => void;
  /** Calls `notify` with each new event about a user, once. */
  watchUser: (userId: string, notify: Notify) => () => void;
  close: () => Promise<void>;
};

/**
 * Polls what other processes write: one statement for all watched audit logs and one for all watched users
 * (docs/decisions/020-event-streams.md says why not by notifications).
 */
export const getAuditFeed = createShared(({ db, log }): AuditFeed => {
  const auditLogs = new Map<string, AuditLog>();
  const users = new Map<string, WatchedUser>();
  const job = createIdleJob({
    everyMs: pollEveryMs,
    run: async () => {
      await Promise.all([pollAuditLogs(), pollUsers()]);
    },
    onError: (err) => log.warn({ err }, 'audit feed could not be read'),
  });

  async function pollAuditLogs(): Promise<void> {
    if (auditLogs.size === 0) return;
    const chainIds = [...auditLogs.keys()];
    const heads = await db.read(noScope, (tx) => listHeads(tx, chainIds));
    for (const { chainId, sequence } of heads) {
      const auditLog = auditLogs.get(chainId);
      if (!auditLog || auditLog.sequence === sequence) continue;
      auditLog.sequence = sequence;
      for (const wake of auditLog.listeners) wake();
    }
  }

  async function pollUsers(): Promise<void> {
    if (users.size === 0) return;
    const userIds = [...users.keys()];
    const events = await db.read(noScope, (tx) => listUserEvents(tx, userIds));
    for (const [userId, ofUser] of Map.groupBy(events, (event) => event.userId)) {
      for (const notify of users.get(userId)?.listeners ?? []) notify(ofUser);
    }
  }

  return {
    watchAuditLog(chainId, wake) {
      job.begin();
      return listen(auditLogs, chainId, wake, () => ({ sequence: null, listeners: new Set() }));
    },
    watchUser(userId, notify) {
      job.begin();
      return listen(users, userId, notify, () => ({ listeners: new Set() }));
    },
    close: job.stop,
  };
});

/** Adds a listener under a key, and returns a function that removes it, and the key with the last one. */
function listen<Listener, Entry extends { listeners: Set<Listener> }>(
  entries: Map<string, Entry>,
  key: string,
  listener: Listener,
  create: () => Entry,
): () => void {
  const entry = entries.get(key) ?? create();
  entries.set(key, entry);
  entry.listeners.add(listener);
  return () => {
    entry.listeners.delete(listener);
    if (entry.listeners.size === 0 && entries.get(key) === entry) entries.delete(key);
  };
}
