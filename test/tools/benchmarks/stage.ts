import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { syncBuiltInRoles } from '../../../src/app/open-database.ts';
import type { AppParts } from '../../../src/app/parts.ts';
import { type App, createApp } from '../../../src/app.ts';
import { stopSignals } from '../../../src/cli/serve/stop-watch.ts';
import { loadConfig } from '../../../src/config.ts';
import { builtInRoles } from '../../../src/core/access/permissions.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { startEmbedded } from '../../../src/postgres/start.ts';
import { ensureServing } from '../../support/serving.ts';

/** A temporary PostgreSQL with exactly the shipped settings. */
export type Stage = {
  /** Creates a migrated database and returns the URL of its owner. */
  createDatabase: (name: string) => Promise<string>;
  clear: () => Promise<void>;
};

export async function openStage(): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tenantry-bench-'));
  const settingsFile = fileURLToPath(
    new URL('../../../src/postgres/postgresql.conf', import.meta.url),
  );
  const cluster = await startEmbedded({ dataDir, settingsFile, log: silentLog });
  const clear = async () => {
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  // After a Ctrl-C neither a PostgreSQL nor its folder is left.
  for (const signal of stopSignals) {
    process.once(signal, () => {
      // Errors of the work in progress no longer matter.
      process.on('uncaughtException', () => {});
      void clear().finally(() => process.exit(1));
    });
  }
  return {
    async createDatabase(name) {
      await runSql(cluster.ownerUrl, `create database ${name}`);
      const url = new URL(cluster.ownerUrl);
      url.pathname = `/${name}`;
      const migrationsDir = fileURLToPath(new URL('../../../migrations', import.meta.url));
      await migrate({ ownerUrl: url.href, migrationsDir, log: silentLog });
      await syncBuiltInRoles(url.href, builtInRoles);
      return url.href;
    },
    clear,
  };
}

export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** Starts a server on a database, with the default pool size. */
export async function startServer(
  ownerUrl: string,
  environment: Record<string, string> = {},
  parts: Partial<AppParts> = {},
): Promise<App & { url: string }> {
  const config = loadConfig({ NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'warn', ...environment });
  const app = await createApp(config, {
    appUrl: await ensureServing(ownerUrl),
    secret: 'a secret for this run only',
    log: createLogger(config.log),
    ...parts,
  });
  const { url } = await app.http.listen();
  return { ...app, url: `${url}/graphql` };
}

/** Sends a request and returns the data. Throws on errors. */
export async function ask<Data>(url: string, query: string, token?: string): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export function getMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A description of the machine for reports. */
export function describeMachine(): string {
  return `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}`;
}

/** Prints a line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
