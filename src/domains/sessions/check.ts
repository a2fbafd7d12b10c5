import type { LiveSession, SessionQuery } from '../../core/access/live-session.ts';
import { createBatcher } from '../../core/data/batcher.ts';
import { createLastUsedBuffer } from '../../core/data/last-used-buffer.ts';
import { createShared } from '../../core/shared-parts.ts';
import { noScope } from '../../db/scope.ts';
import { type CheckedSession, listLiveSessions, touchSessions } from './queries/check.ts';

/** Checks session tokens; returns null for an invalid one. */
export type SessionChecker = {
  find: (query: SessionQuery) => Promise<LiveSession | null>;
  /** Bypasses the cache and does not count as a use: an open stream keeps no session alive. */
  peek: (query: SessionQuery) => Promise<LiveSession | null>;
  /** Writes the buffered times of last use. */
  close: () => Promise<void>;
};

/** Batches all requests in flight into one statement, caches results briefly, and buffers the times of last use. */
export const getSessionChecker = createShared(({ db, log, cache }): SessionChecker => {
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
});

function toKey({ tokenHash, tenantId }: SessionQuery): string {
  return `session ${tokenHash} ${tenantId}`;
}

/** Ids whose changes invalidate a cached check: user, impersonator, bound tenant, tenant of the permissions. */
function listDependencies({ session, access }: CheckedSession): string[] {
  const ids = [session.userId, session.impersonatorId, session.tenantId, access?.tenantId];
  return ids.filter((id) => id != null);
}
