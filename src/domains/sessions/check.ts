import type { LiveSession, SessionQuery } from '../../core/access/live-session.ts';
import { createBatcher } from '../../core/data/batcher.ts';
import type { CredentialCache } from '../../core/data/credential-cache.ts';
import { createLastUsedBuffer } from '../../core/data/last-used-buffer.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import type { Logger } from '../../observability/logger.ts';
import { type CheckedSession, listLiveSessions, touchSessions } from './queries/check.ts';

/** The session check of this process. `close` writes what is still to be noted. */
export type SessionChecker = {
  find: (query: SessionQuery) => Promise<LiveSession | null>;
  /**
   * The same from the database, without noting a use: a stream that nobody looks at keeps no session alive.
   */
  peek: (query: SessionQuery) => Promise<LiveSession | null>;
  close: () => Promise<void>;
};

/**
 * Checks sessions, all requests in flight together in one statement, remembers for a moment what it found,
 * and notes their use in the background.
 */
export function createSessionChecker(parts: {
  db: Database;
  log: Logger;
  cache: CredentialCache;
}): SessionChecker {
  const { db, log, cache } = parts;
  const findBatched = createBatcher(
    (queries: readonly SessionQuery[]) => db.ask((raw) => listLiveSessions(raw, queries)),
    toKey,
  );
  const findCached = cache.wrap({
    find: findBatched,
    toKey,
    listDependencies,
  });
  const uses = createLastUsedBuffer({
    write: (ids) => db.write(noScope, (tx) => touchSessions(tx, ids)),
    onError: (err, sessions) =>
      log.warn({ err, sessions }, 'last use of sessions could not be saved'),
  });
  return {
    find: async (query) => {
      const found = await findCached(query);
      if (found?.needsTouch) uses.add(found.session.id);
      return found;
    },
    peek: findBatched,
    close: uses.close,
  };
}

function toKey({ tokenHash, tenantId }: SessionQuery): string {
  return `session ${tokenHash} ${tenantId}`;
}

/** Whom the session is of and who acts in it, where it is bound to, and where its rights were asked for. */
function listDependencies({ session, access }: CheckedSession): string[] {
  const ids = [session.userId, session.impersonatorId, session.tenantId, access?.tenantId];
  return ids.filter((id) => id != null);
}
