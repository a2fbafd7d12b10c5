import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncBuiltInRoles } from '../../src/app/open-database.ts';
import { builtInRoles } from '../../src/core/access/permissions.ts';
import { migrate } from '../../src/db/migrate.ts';
import { silentLog } from '../../src/lib/log.ts';
import { hasProcess } from '../../src/lib/process-token.ts';
import { startEmbedded } from '../../src/postgres/start.ts';
import { waitUntil } from './child.ts';
import type { TestDatabase } from './cluster.ts';
import { ensureServing } from './serving.ts';

/** A PostgreSQL with the shipped settings, fully durable, that a test may kill. */
export type CrashingCluster = {
  database: TestDatabase;
  /** Sends SIGKILL to every process of the server. */
  kill: () => Promise<void>;
  /** Starts it again on the same port; it replays its WAL. */
  restart: () => Promise<void>;
  /** Shuts it down and resolves when it has ended: fast by SIGINT, immediate by SIGQUIT. */
  stop: (signal: 'SIGINT' | 'SIGQUIT') => Promise<void>;
  /** Whether its postmaster runs. */
  isRunning: () => Promise<boolean>;
  /** The folder that holds all of it. */
  dataDir: string;
};

/** The folder of its data, and settings that override the shipped ones. */
export type CrashingClusterOptions = {
  parentDir?: string;
  overrides?: Readonly<Record<string, string>>;
};

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Starts it with a migrated database; `database.drop` stops it and removes its data. */
export async function startCrashingCluster({
  parentDir = tmpdir(),
  overrides = {},
}: CrashingClusterOptions = {}): Promise<CrashingCluster> {
  const dataDir = await mkdtemp(path.join(parentDir, 'tenantry-crash-'));
  const settingsFile = atRoot('src/postgres/postgresql.conf');
  const start = (port?: number) =>
    startEmbedded({ dataDir, settingsFile, overrides, log: silentLog, ...(port ? { port } : {}) });
  let cluster = await start();
  const { ownerUrl, port } = cluster;
  await migrate({ ownerUrl, migrationsDir: atRoot('migrations'), log: silentLog });
  await syncBuiltInRoles(ownerUrl, builtInRoles);
  return {
    database: {
      ownerUrl,
      appUrl: await ensureServing(ownerUrl),
      async drop() {
        await cluster.stop();
        await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
      },
    },
    async kill() {
      const postmaster = await readPostmasterPid(dataDir);
      // The postmaster first, since it would shut the others down in order.
      for (const pid of [postmaster, ...listChildren(postmaster)]) killNow(pid);
    },
    async restart() {
      cluster = await start(port);
      if (cluster.port !== port) throw new Error('Another process has taken the port.');
    },
    async stop(signal) {
      const postmaster = await readPostmasterPid(dataDir);
      process.kill(postmaster, signal);
      await waitUntil(async () => !hasProcess(postmaster));
    },
    isRunning: async () => {
      const postmaster = await readPostmasterPid(dataDir);
      return postmaster > 0 && hasProcess(postmaster);
    },
    dataDir,
  };
}

/** 0 when there is none. */
async function readPostmasterPid(dataDir: string): Promise<number> {
  const file = path.join(dataDir, 'postgres', 'postmaster.pid');
  return Number.parseInt(await readFile(file, 'utf8').catch(() => '0'), 10);
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function listChildren(parent: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent)
    .map(([pid = 0]) => pid);
}
