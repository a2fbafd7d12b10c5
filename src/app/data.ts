import type { Config } from '../config.ts';
import { type CredentialCache, createCredentialCache } from '../core/data/credential-cache.ts';
import { guardDatabase } from '../core/data/guarded-database.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { followChanges, withInvalidation } from '../db/invalidation.ts';
import { beginStatement } from '../observability/traced-work.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { AppParts } from './parts.ts';

/** The database, and the cache of checked credentials. */
export type Data = {
  db: Database;
  /** Undefined if the cache is disabled. */
  cache: CredentialCache | undefined;
  close: () => Promise<void>;
};

/** Opens the pool, and the listener that invalidates the cache. */
export function openData(config: Config, parts: AppParts, tracing: Tracing | null): Data {
  const db = parts.database ?? openPool(config, parts, tracing);
  const maxAgeMs = config.sessions.credentialCacheMs;
  if (maxAgeMs === 0) return { db, cache: undefined, close: db.close };
  const cache = createCredentialCache({ maxAgeMs, isConnected: () => changes.isHeard() });
  const { appUrl, listenUrl: url = appUrl, log } = parts;
  const changes = followChanges({ url, onChange: cache.invalidate, log });
  return {
    db: withInvalidation(db, changes),
    cache,
    async close() {
      await changes.close();
      await db.close();
    },
  };
}

function openPool(
  config: Config,
  { appUrl, observeStatement }: AppParts,
  tracing: Tracing | null,
): Database {
  const watch = tracing ? beginStatement : undefined;
  return guardDatabase(
    createDatabase({ ...config.database, url: appUrl }, observeStatement, watch),
  );
}
