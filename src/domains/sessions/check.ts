import { createBatcher } from '../../core/batcher.ts';
import type { LiveSession, SessionAsk } from '../../core/live-session.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import type { Logger } from '../../observability/logger.ts';
import { listLiveSessions, touchSessions } from './queries.ts';

const touchEveryMs = 1_000;

/** The session check of this process. `close` writes what is still to be noted. */
export type SessionChecker = {
  find: (ask: SessionAsk) => Promise<LiveSession | null>;
  /** The same without noting a use: a stream that nobody looks at keeps no session alive. */
  peek: (ask: SessionAsk) => Promise<LiveSession | null>;
  close: () => Promise<void>;
};

/**
 * Checks sessions, all requests in flight together in one statement, and notes their use in the
 * background about once a second: reading never waits for a write.
 */
export function createSessionChecker(db: Database, log: Logger): SessionChecker {
  const used = new Set<string>();
  const findBatched = createBatcher((asks: readonly SessionAsk[]) =>
    db.read(noScope, (tx) => listLiveSessions(tx, asks)),
  );
  const timer = setInterval(flush, touchEveryMs);
  timer.unref();
  return {
    find: async (ask) => {
      const found = await findBatched(ask);
      if (found?.needsTouch) used.add(found.session.id);
      return found;
    },
    peek: findBatched,
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };

  async function flush(): Promise<void> {
    if (used.size === 0) return;
    const ids = [...used];
    used.clear();
    try {
      await db.read(noScope, (tx) => touchSessions(tx, ids));
    } catch (error) {
      log.warn(
        { err: error, sessions: ids.length },
        'The last use of sessions could not be noted.',
      );
    }
  }
}
