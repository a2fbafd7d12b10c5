import type { Config } from '../config.ts';
import { createPasswordHasher } from '../core/password-hasher.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Database } from '../db/database.ts';
import { createSessionChecker } from '../domains/sessions/check.ts';
import { createCursorCodec } from '../lib/cursor.ts';
import { createSealer } from '../lib/sealer.ts';
import type { Logger } from '../observability/logger.ts';

/** What a runtime is made of beyond the configuration. */
export type RuntimeParts = {
  db: Database;
  secret: string;
  log: Logger;
  /** See Runtime; for the proof of row security. */
  trustsDatabaseAlone?: boolean | undefined;
};

/** A runtime, and what writes what it still has to note. */
export type OpenedRuntime = { runtime: Runtime; close: () => Promise<void> };

/** Makes what the services work with: one for the life of a server, or of a command. */
export async function createRuntime(config: Config, parts: RuntimeParts): Promise<OpenedRuntime> {
  const { db, secret, log } = parts;
  const sessions = createSessionChecker(db, log);
  const runtime: Runtime = {
    sessionLimits: config.sessions,
    signInLimits: config.signIn,
    invitationLimits: config.invitations,
    tenantDeletionGraceDays: config.tenants.deletionGraceDays,
    trustsDatabaseAlone: parts.trustsDatabaseAlone ?? false,
    passwords: await createPasswordHasher(config.passwords),
    cursors: createCursorCodec(secret),
    mail: {
      sealer: createSealer(secret, 'mail'),
      links: config.mail.links,
      wake: () => undefined,
    },
    findLiveSession: sessions.find,
  };
  return { runtime, close: () => sessions.close() };
}
