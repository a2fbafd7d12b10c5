import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/lib/log.ts';
import { findAccount } from '../../src/postgres/account.ts';
import { copyRunningCluster } from '../../src/postgres/base-backup.ts';
import { prepareBinaries } from '../../src/postgres/binaries.ts';
import { giveTo } from '../../src/postgres/copy-files.ts';
import { startEmbedded } from '../../src/postgres/start.ts';
import { runAt } from './bare-app.ts';
import { waitUntil } from './child.ts';
import type { CrashingCluster } from './crashing-cluster.ts';

/** A second PostgreSQL that follows a primary by streaming replication. */
export type Standby = {
  ownerUrl: string;
  /** Resolves once it has replayed everything that the primary has written so far. */
  catchUp: () => Promise<void>;
  /** Makes it the primary. */
  promote: () => Promise<void>;
  close: () => Promise<void>;
};

const settingsFile = fileURLToPath(new URL('../../src/postgres/postgresql.conf', import.meta.url));

/** Copies the primary while it serves, and starts the copy as its standby. */
export async function startStandby({ database, dataDir }: CrashingCluster): Promise<Standby> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-crash-'));
  const pgData = path.join(folder, 'postgres');
  await copyRunningCluster(database.ownerUrl, path.join(dataDir, 'postgres'), pgData);
  await writeFile(path.join(pgData, 'standby.signal'), '');
  const binaries = await prepareBinaries();
  await giveTo(await findAccount([...Object.values(binaries), tmpdir()]), folder);
  const { hostname, port, username, password } = new URL(database.ownerUrl);
  const cluster = await startEmbedded({
    dataDir: folder,
    settingsFile,
    overrides: {
      primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}`,
    },
    log: silentLog,
  });
  const { ownerUrl } = cluster;
  return {
    ownerUrl,
    async catchUp() {
      const { rows } = await runAt(database.ownerUrl, 'select pg_current_wal_insert_lsn() as lsn');
      await waitUntil(async () => {
        const sql = 'select pg_last_wal_replay_lsn() >= $1 as "isThere"';
        return (await runAt(ownerUrl, sql, [rows[0].lsn])).rows[0].isThere;
      });
    },
    async promote() {
      await runAt(ownerUrl, 'select pg_promote(true, 60)');
    },
    async close() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** One address in front of several servers, like a load balancer or a DNS name. */
export type Switch = {
  /** The given URL, through this switch. */
  reroute: (url: string) => string;
  /** Routes new connections to this server; open ones are unchanged. */
  routeTo: (url: string) => void;
  /** Ends all open connections, like a server that goes down. */
  cut: () => void;
  close: () => Promise<void>;
};

/** Starts a switch in front of the server of this URL. */
export async function startSwitch(url: string): Promise<Switch> {
  let target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    reroute(original) {
      const routed = new URL(original);
      routed.hostname = '127.0.0.1';
      routed.port = String((server.address() as AddressInfo).port);
      return routed.href;
    },
    routeTo(next) {
      target = new URL(next);
    },
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
