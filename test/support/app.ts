import pg from 'pg';
import type { AppParts } from '../../src/app/parts.ts';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import type { DatabaseRoles } from '../../src/db/roles.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createTestDatabase, type TestDatabase } from './cluster.ts';
import { rolesOf, setStatementTimeout } from './serving.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read responses of every shape.
type Json = any;

/** The body of a response to an operation. */
export type GraphQLResult = {
  data?: Json;
  errors?: { message: string; extensions: Json; path?: Json }[];
};

export type AskOptions = {
  variables?: Record<string, unknown>;
  token?: string | null;
  headers?: Record<string, string>;
};

/** A whole server on a database of its own. */
export type TestApp = {
  app: App;
  url: string;
  /** Every statement since the last call of `listStatementsOf`, as it was sent. */
  statements: string[];
  /** Connected as the owner, who bypasses row security, to insert and read rows. */
  owner: pg.Client;
  appUrl: string;
  /** The roles of its database. */
  roles: DatabaseRoles;
  ownerUrl: string;
  /** For a second server on the same database. */
  databaseUrl: string;
  ask: (query: string, options?: AskOptions) => Promise<GraphQLResult>;
  close: () => Promise<void>;
};

/** Parts that a test replaces. */
export type TestAppParts = Pick<AppParts, 'trustsDatabaseAlone' | 'listenUrl' | 'demoAccount'> & {
  database?: TestDatabase;
};

/** Starts a server for one test file; close it in `afterAll`. */
export async function startTestApp(
  environment: Record<string, string> = {},
  { database: provided, ...parts }: TestAppParts = {},
): Promise<TestApp> {
  const database = provided ?? (await createTestDatabase());
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.ownerUrl,
    DATABASE_POOL_SIZE: '4',
    // All tests share one address; tests of rate limits set their own.
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
    HOUSEKEEPING_INTERVAL_SECONDS: '0',
    // Changes by SQL must be effective at once; tests of the cache set their own age.
    CREDENTIAL_CACHE_MS: '0',
    ...environment,
  });
  await setStatementTimeout(database.ownerUrl, config.database.statementTimeoutMs);
  const statements: string[] = [];
  const app = await createApp(config, {
    appUrl: database.appUrl,
    secret: 'a secret that only the tests know',
    log: createLogger(config.log),
    ...parts,
    observeStatement: (text) => statements.push(text),
  });
  const { url } = await app.http.listen();
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  return {
    app,
    url,
    statements,
    owner,
    appUrl: database.appUrl,
    roles: rolesOf(database.ownerUrl),
    ownerUrl: database.ownerUrl,
    databaseUrl: database.ownerUrl,
    ask: (query, options) => ask(url, query, options),
    async close() {
      await app.close();
      await owner.end();
      await database.drop();
    },
  };
}

async function ask(url: string, query: string, options: AskOptions = {}): Promise<GraphQLResult> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...options.headers,
    },
    body: JSON.stringify({ query, variables: options.variables }),
  });
  return (await response.json()) as GraphQLResult;
}

/** Runs `work` and returns the statements it sends. */
export async function listStatementsOf(app: TestApp, work: () => Promise<unknown>) {
  app.statements.length = 0;
  await work();
  // A background statement of an earlier request.
  return app.statements.filter((text) => !text.includes('settle_reset_request('));
}
