import pg from 'pg';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { AskOptions, GraphQLResult } from './app.ts';
import { createTestDatabase } from './cluster.ts';
import { post } from './credentials.ts';
import { setStatementTimeout } from './serving.ts';

/** A whole server whose database a test may break or drop, since nothing else is connected to it. */
export type BareApp = {
  app: App;
  url: string;
  ownerUrl: string;
  /** The log by line, from level trace on. */
  lines: string[];
  ask: (query: string, options?: AskOptions) => Promise<GraphQLResult>;
  /** Runs SQL as the superuser in the app's database, over a connection of its own. */
  asOwner: (sql: string, values?: unknown[]) => Promise<pg.QueryResult>;
  close: () => Promise<void>;
};

/** Starts a server with its log in memory and a database of its own. */
export async function startBareApp(environment: Record<string, string> = {}): Promise<BareApp> {
  const database = await createTestDatabase();
  const { ownerUrl } = database;
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'trace',
    LOG_FORMAT: 'json',
    DATABASE_URL: ownerUrl,
    DATABASE_POOL_SIZE: '4',
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
    HOUSEKEEPING_INTERVAL_SECONDS: '0',
    CREDENTIAL_CACHE_MS: '0',
    ...environment,
  });
  await setStatementTimeout(ownerUrl, config.database.statementTimeoutMs);
  const lines: string[] = [];
  const app = await createApp(config, {
    appUrl: database.appUrl,
    secret: 'a secret that only the tests know',
    log: createLogger(config.log, { write: (line: string) => lines.push(line) }),
  });
  const { url } = await app.http.listen();
  return {
    app,
    url,
    ownerUrl,
    lines,
    ask: async (query, { variables, token, headers } = {}) => {
      const authorization = token ? { authorization: `Bearer ${token}` } : {};
      const { text } = await post({ url }, { query, variables }, { ...authorization, ...headers });
      return JSON.parse(text);
    },
    asOwner: (sql, values) => runAt(ownerUrl, sql, values),
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

/** Runs one statement over a connection of its own. */
export async function runAt(url: string, sql: string, values?: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}
