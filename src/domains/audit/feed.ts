import type { Feed, UserEvent } from '../../core/runtime.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import { createIdleJob } from '../../lib/repeating-job.ts';
import type { Logger } from '../../observability/logger.ts';
import { listHeads, listUserEvents } from './queries/feed.ts';

/** How often a process asks the database on behalf of all who wait; nothing where nobody does. */
const askEveryMs = 250;

type Tell = (news: readonly UserEvent[]) => void;
type AuditLog = { sequence: number | null; listeners: Set<() => void> };
type Person = { listeners: Set<Tell> };

/**
 * Learns of what other processes write by asking for it, one statement for all audit logs and one for all
 * people that somebody here waits for (docs/decisions/020-event-streams.md says why not by
 * notifications). `close` asks no more.
 */
export function createAuditFeed(db: Database, log: Logger): Feed & { close: () => Promise<void> } {
  const auditLogs = new Map<string, AuditLog>();
  const people = new Map<string, Person>();
  const job = createIdleJob({
    everyMs: askEveryMs,
    run: async () => {
      await Promise.all([askForAuditLogs(), askForPeople()]);
    },
    onError: (err) => log.warn({ err }, 'audit feed could not be read'),
  });

  async function askForAuditLogs(): Promise<void> {
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

  async function askForPeople(): Promise<void> {
    if (people.size === 0) return;
    const userIds = [...people.keys()];
    const news = await db.read(noScope, (tx) => listUserEvents(tx, userIds));
    for (const [userId, ofPerson] of Map.groupBy(news, (one) => one.userId)) {
      for (const wake of people.get(userId)?.listeners ?? []) wake(ofPerson);
    }
  }

  return {
    watchAuditLog(chainId, wake) {
      job.begin();
      return listen(auditLogs, chainId, wake, () => ({ sequence: null, listeners: new Set() }));
    },
    watchUser(userId, tell) {
      job.begin();
      return listen(people, userId, tell, () => ({ listeners: new Set() }));
    },
    close: job.stop,
  };
}

/** Adds a listener under a key; the answer takes it away, and the key with the last one. */
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
