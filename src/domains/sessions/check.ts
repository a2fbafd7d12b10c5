import { createBatcher } from '../../core/batcher.ts';
import type { LiveSession, SessionAsk } from '../../core/live-session.ts';
import { createUseNotes } from '../../core/use-notes.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import type { Logger } from '../../observability/logger.ts';
import { listLiveSessions, touchSessions } from './queries/check.ts';

/** The session check of this process. `close` writes what is still to be noted. */
export type SessionChecker = {
  find: (ask: SessionAsk) => Promise<LiveSession | null>;
  /** The same without noting a use: a stream that nobody looks at keeps no session alive. */
  peek: (ask: SessionAsk) => Promise<LiveSession | null>;
  close: () => Promise<void>;
};

/**
 * Checks sessions, all requests in flight together in one statement, and notes their use in the
 * background.
 */
export function createSessionChecker(db: Database, log: Logger): SessionChecker {
  const findBatched = createBatcher((asks: readonly SessionAsk[]) =>
    db.read(noScope, (tx) => listLiveSessions(tx, asks)),
  );
  const uses = createUseNotes({
    write: (ids) => db.read(noScope, (tx) => touchSessions(tx, ids)),
    onError: (err, sessions) =>
      log.warn({ err, sessions }, 'The last use of sessions could not be noted.'),
  });
  return {
    find: async (ask) => {
      const found = await findBatched(ask);
      if (found?.needsTouch) uses.add(found.session.id);
      return found;
    },
    peek: findBatched,
    close: uses.close,
  };
}
