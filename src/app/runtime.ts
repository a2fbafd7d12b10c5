import type { Config } from '../config.ts';
import { type CredentialCache, createCredentialCache } from '../core/data/credential-cache.ts';
import { createPasswordHasher } from '../core/passwords/hasher.ts';
import type { Runtime } from '../core/runtime.ts';
import { createSharedParts } from '../core/shared-parts.ts';
import { createStreams } from '../core/streams/streams.ts';
import type { Database } from '../db/database.ts';
import { getApiKeyPrefix } from '../domains/api-keys/token.ts';
import { createCursorCodec } from '../lib/cursor.ts';
import { createRateBudgets } from '../lib/rate-budgets.ts';
import { createResponseSlots } from '../lib/response-slot.ts';
import { createSealer } from '../lib/sealer.ts';
import type { Logger } from '../observability/logger.ts';

/** The parts of a runtime besides the configuration. */
export type RuntimeParts = {
  db: Database;
  secret: string;
  log: Logger;
  /** Caches checked credentials; undefined for no cache. */
  cache?: CredentialCache | undefined;
  /** See Runtime; for tests of row security. */
  trustsDatabaseAlone?: boolean | undefined;
  /** Wakes the jobs for the outbox and reset requests; a command leaves them to the server. */
  mails?: { wake: () => void; wakeResets: () => void } | undefined;
  /** Counts errors in the metrics. */
  countError?: ((code: string) => void) | undefined;
};

/** A runtime, and how to flush and close it. */
export type OpenedRuntime = {
  runtime: Runtime;
  close: () => Promise<void>;
};

const noCache = createCredentialCache({ maxAgeMs: 0, isConnected: () => false });

/**
 * Creates the runtime of the services, one per server or command. Creating it does no work and starts no timer; each
 * part starts its background work on first use.
 */
export function createRuntime(config: Config, parts: RuntimeParts): OpenedRuntime {
  const { db, secret, log, cache = noCache } = parts;
  const runtime: Runtime = {
    sessionLimits: config.sessions,
    signInLimits: config.signIn,
    passwordPolicy: config.passwordPolicy,
    invitationLimits: config.invitations,
    tenantDeletionGraceDays: config.tenants.deletionGraceDays,
    trustsDatabaseAlone: parts.trustsDatabaseAlone ?? false,
    passwords: createPasswordHasher(config.passwords),
    cursors: createCursorCodec(secret),
    responseSlots: createResponseSlots(secret),
    mail: {
      sealer: createSealer(secret, 'mail'),
      isForInbox: config.mail.hasInbox,
      wake: parts.mails?.wake ?? (() => undefined),
    },
    wakeResets: parts.mails?.wakeResets ?? (() => undefined),
    countError: parts.countError ?? (() => undefined),
    apiKeys: {
      prefix: getApiKeyPrefix(config.apiKeys.environment),
      budgets: createRateBudgets(config.apiKeys.requestsPerMinute),
    },
    streams: createStreams(config.streams, log),
    shared: createSharedParts({ db, log, cache }),
  };
  return {
    runtime,
    async close() {
      await runtime.streams.close();
      await runtime.shared.close();
    },
  };
}
