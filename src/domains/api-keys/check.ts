import { createBatcher } from '../../core/batcher.ts';
import type { LiveApiKey } from '../../core/live-api-key.ts';
import { createUseNotes } from '../../core/use-notes.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import type { Logger } from '../../observability/logger.ts';
import { listLiveApiKeys, touchApiKeys } from './queries.ts';

/** The key check of this process. `close` writes what is still to be noted. */
export type ApiKeyChecker = {
  find: (tokenHash: Uint8Array) => Promise<LiveApiKey | null>;
  /** The same without noting a use. */
  peek: (tokenHash: Uint8Array) => Promise<LiveApiKey | null>;
  close: () => Promise<void>;
};

/**
 * Checks keys, all requests in flight together in one statement, and notes their use in the background,
 * at most once a minute for each. Nothing is remembered, so what was revoked or taken away anywhere
 * counts from the next question on.
 */
export function createApiKeyChecker(db: Database, log: Logger): ApiKeyChecker {
  const findBatched = createBatcher((hashes: readonly Uint8Array[]) =>
    db.read(noScope, (tx) => listLiveApiKeys(tx, hashes)),
  );
  const uses = createUseNotes({
    write: (ids) => db.read(noScope, (tx) => touchApiKeys(tx, ids)),
    onError: (err, apiKeys) =>
      log.warn({ err, apiKeys }, 'The last use of API keys could not be noted.'),
  });
  return {
    find: async (tokenHash) => {
      const found = await findBatched(tokenHash);
      if (found?.needsTouch) uses.add(found.apiKey.id);
      return found;
    },
    peek: findBatched,
    close: uses.close,
  };
}
