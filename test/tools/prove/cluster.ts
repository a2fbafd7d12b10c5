import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { syncBuiltInRoles } from '../../../src/app/open-database.ts';
import { type App, createApp } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config.ts';
import { builtInRoles } from '../../../src/core/access/permissions.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { nameFolders } from '../../../src/postgres/folders.ts';
import { startEmbedded } from '../../../src/postgres/start.ts';
import { ensureServing } from '../../support/serving.ts';

/** A temporary PostgreSQL with the shipped settings. */
export type ProofCluster = {
  /** Creates a migrated database and returns the URL of its owner, a superuser. */
  createDatabase: (name: string) => Promise<string>;
  dropDatabase: (name: string) => Promise<void>;
  log: ServerLog;
  clear: () => Promise<void>;
};

/** The log of the server, which contains the plans of statements. */
export type ServerLog = {
  size: () => Promise<number>;
  readFrom: (offset: number) => Promise<string>;
};

const atRoot = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Starts the server. With `isFast` its data does not survive a power failure. */
export async function startProofCluster({ isFast = false } = {}): Promise<ProofCluster> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-prove-'));
  const cluster = await startEmbedded({
    dataDir,
    settingsFile: atRoot('src/postgres/postgresql.conf'),
    overrides: isFast ? { fsync: 'off', full_page_writes: 'off' } : { max_wal_size: '8GB' },
    log: silentLog,
  });
  const urlOf = (name: string) => {
    const url = new URL(cluster.ownerUrl);
    url.pathname = `/${name}`;
    return url.href;
  };
  return {
    async createDatabase(name) {
      await withClient(cluster.ownerUrl, (admin) => admin.query(`create database ${name}`));
      const ownerUrl = urlOf(name);
      await migrate({ ownerUrl, migrationsDir: atRoot('migrations'), log: silentLog });
      await syncBuiltInRoles(ownerUrl, builtInRoles);
      await ensureServing(ownerUrl);
      return ownerUrl;
    },
    async dropDatabase(name) {
      await withClient(cluster.ownerUrl, (admin) =>
        admin.query(`drop database ${name} with (force)`),
      );
    },
    log: createLog(nameFolders(dataDir).logFile),
    async clear() {
      await cluster.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Runs `work` with a connection. */
export async function withClient<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Starts a server without background work. */
export async function startServer(ownerUrl: string): Promise<App & { url: string }> {
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_POOL_SIZE: '4',
    HOUSEKEEPING_INTERVAL_SECONDS: '0',
    CREDENTIAL_CACHE_MS: '0',
    // Statements are slow without indexes.
    REQUEST_TIMEOUT_MS: '300000',
    DATABASE_STATEMENT_TIMEOUT_MS: '300000',
    DATABASE_QUERY_TIMEOUT_MS: '300000',
  });
  const app = await createApp(config, {
    appUrl: await ensureServing(ownerUrl, config.database.statementTimeoutMs),
    secret: 'a secret for this run only',
    log: createLogger(config.log),
  });
  const { url } = await app.http.listen();
  return { ...app, url };
}

function createLog(file: string): ServerLog {
  return {
    size: async () => (await stat(file)).size,
    async readFrom(offset) {
      const handle = await open(file);
      try {
        const { size } = await handle.stat();
        const buffer = Buffer.alloc(Math.max(0, size - offset));
        await handle.read(buffer, 0, buffer.length, offset);
        return buffer.toString();
      } finally {
        await handle.close();
      }
    },
  };
}
