import type { LiveApiKey } from '../../core/access/live-api-key.ts';
import { createBatcher } from '../../core/data/batcher.ts';
import type { CredentialCache } from '../../core/data/credential-cache.ts';
import { createLastUsedBuffer } from '../../core/data/last-used-buffer.ts';
import type { Database } from '../../db/database.ts';
import { noScope } from '../../db/scope.ts';
import type { TokenHash } from '../../lib/token.ts';
import type { Logger } from '../../observability/logger.ts';
import { listLiveApiKeys, touchApiKeys } from './queries.ts';

/** The key check of this process. `close` writes what is still to be noted. */
export type ApiKeyChecker = {
  find: (tokenHash: TokenHash) => Promise<LiveApiKey | null>;
  /** The same from the database, without noting a use. */
  peek: (tokenHash: TokenHash) => Promise<LiveApiKey | null>;
  close: () => Promise<void>;
};

/**
 * Checks keys, all requests in flight together in one statement, remembers for a moment what it found, and
 * notes their use in the background, at most once a minute for each.
 */
export function createApiKeyChecker(parts: {
  db: Database;
  log: Logger;
  cache: CredentialCache;
}): ApiKeyChecker {
  const { db, log, cache } = parts;
  const findBatched = createBatcher(
    (hashes: readonly TokenHash[]) => db.ask((raw) => listLiveApiKeys(raw, hashes)),
    toKey,
  );
  const findCached = cache.wrap({
    find: findBatched,
    toKey,
    listDependencies: ({ apiKey, creatorId }) => [apiKey.tenantId, creatorId],
  });
  const uses = createLastUsedBuffer({
    write: (ids) => db.write(noScope, (tx) => touchApiKeys(tx, ids)),
    onError: (err, apiKeys) =>
      log.warn({ err, apiKeys }, 'last use of API keys could not be saved'),
  });
  return {
    find: async (tokenHash) => {
      const found = await findCached(tokenHash);
      if (found?.needsTouch) uses.add(found.apiKey.id);
      return found;
    },
    peek: findBatched,
    close: uses.close,
  };
}

function toKey(tokenHash: TokenHash): string {
  return `key ${tokenHash}`;
}
