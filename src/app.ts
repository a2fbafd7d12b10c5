import { createRuntime } from './app/runtime.ts';
import type { Config } from './config.ts';
import type { Ctx } from './core/context.ts';
import { guardDatabase } from './core/guarded-database.ts';
import type { Runtime } from './core/runtime.ts';
import { createDatabase, type Database } from './db/database.ts';
import type { StatementObserver } from './db/pool.ts';
import { authenticate } from './domains/sessions/authenticate.ts';
import { exampleQueries } from './http/example-queries.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
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
  const { secret, trustsDatabaseAlone } = parts;
  const { runtime, close } = await createRuntime(config, { db, secret, log, trustsDatabaseAlone });
  const http = createHttpServer({
    schema,
    server: config.server,
    log,
    exampleQueries,
    createContext: async (credentials, request): Promise<Ctx> => ({
      principal: await authenticate(runtime, credentials),
      request,
      sessionKeeper: credentials.sessionKeeper,
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
      await http.close();
      await close();
      await db.close();
    },
  };
}
