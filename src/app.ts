import type { Config } from './config.ts';
import type { Ctx } from './core/context.ts';
import { guardDatabase } from './core/guarded-database.ts';
import { createPasswordHasher } from './core/password-hasher.ts';
import { createGrantFinder } from './core/recheck.ts';
import type { Runtime } from './core/runtime.ts';
import { createStreams } from './core/streams.ts';
import { createDatabase, type Database } from './db/database.ts';
import type { StatementObserver } from './db/pool.ts';
import { createAuditFeed } from './domains/audit/feed.ts';
import { authenticate } from './domains/sessions/authenticate.ts';
import { createSessionChecker } from './domains/sessions/check.ts';
import { exampleQueries } from './http/example-queries.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { createCursorCodec } from './lib/cursor.ts';
import { createSealer } from './lib/sealer.ts';
import type { Logger } from './observability/logger.ts';
import { schema } from './schema.ts';

/** What an app is made of beyond its configuration. */
export type AppParts = {
  /** The serving login's url. */
  appUrl: string;
  secret: string;
  log: Logger;
  /** Sees every statement; tests count with it. */
  observeStatement?: StatementObserver;
  /** Instead of the pool on `appUrl`; benchmarks compare data paths with it. */
  database?: Database;
  /** See Runtime; for the proof of row security. */
  trustsDatabaseAlone?: boolean;
};

/** A server that is ready to listen. */
export type App = {
  db: Database;
  runtime: Runtime;
  http: HttpServer;
  /** Lets requests end, writes what is still to be noted, closes the pool. */
  close: () => Promise<void>;
};

/** Composes everything; main and the tests both use it. */
export async function createApp(config: Config, parts: AppParts): Promise<App> {
  const { log } = parts;
  const db =
    parts.database ??
    guardDatabase(
      createDatabase({ ...config.database, url: parts.appUrl }, parts.observeStatement),
    );
  const sessions = createSessionChecker(db, log);
  const feed = createAuditFeed(db, log);
  const runtime: Runtime = {
    sessionLimits: config.sessions,
    signInLimits: config.signIn,
    tenantDeletionGraceDays: config.tenants.deletionGraceDays,
    trustsDatabaseAlone: parts.trustsDatabaseAlone ?? false,
    passwords: await createPasswordHasher(config.passwords),
    cursors: createCursorCodec(parts.secret),
    mail: {
      sealer: createSealer(parts.secret, 'mail'),
      links: config.mail.links,
      wake: () => undefined,
    },
    findLiveSession: sessions.find,
    findGrant: createGrantFinder(db),
    streams: createStreams(config.streams, log),
    feed,
  };
  const http = createHttpServer({
    schema,
    server: config.server,
    log,
    exampleQueries,
    createContext: async (credentials, request): Promise<Ctx> => ({
      principal: await authenticate(runtime, credentials),
      request,
      sessionKeeper: credentials.sessionKeeper,
      reauthenticate: () =>
        authenticate({ ...runtime, findLiveSession: sessions.peek }, credentials),
      db,
      runtime,
      log,
    }),
  });
  return {
    db,
    runtime,
    http,
    async close() {
      // First, or the server would wait for them as for any answer.
      await runtime.streams.close();
      await http.close();
      await feed.close();
      await sessions.close();
      await db.close();
    },
  };
}
