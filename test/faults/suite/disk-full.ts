import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Fault } from '../../support/faults/fault.ts';
import { pass, type Stage, waitUntilServing } from '../../support/faults/stage.ts';

const run = promisify(execFile);
let mountPoint = '';

/** A small file system in memory for the whole cluster, its write-ahead log included. */
async function mountSmallDisk(): Promise<void> {
  mountPoint = await mkdtemp(path.join(tmpdir(), 'tenantry-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=192m,mode=0755', 'tmpfs', mountPoint]);
}

async function unmountSmallDisk(): Promise<void> {
  await run('umount', ['--lazy', mountPoint]).catch(() => undefined);
  await rm(mountPoint, { recursive: true, force: true });
}

export const fault: Fault = {
  name: 'disk full, write-ahead log included',
  async findObstacle() {
    try {
      await mountSmallDisk();
      return null;
    } catch {
      return 'a file system cannot be mounted here (it takes Linux and root)';
    } finally {
      await unmountSmallDisk();
    }
  },
  async needs() {
    await mountSmallDisk();
    const overrides = { max_wal_size: '64MB', shared_buffers: '32MB' };
    return { cluster: { parentDir: mountPoint, overrides }, clear: unmountSmallDisk };
  },
  async inject(stage, { isQuick }) {
    const ballast = path.join(mountPoint, 'ballast');
    await fillDisk(ballast);
    await useUpLog(stage);
    await pass(isQuick ? 1 : 5);
    const isDown = !(await stage.cluster.isRunning());
    await rm(ballast);
    if (isDown) await stage.cluster.restart();
    await waitUntilServing(stage);
    return isDown ? 'PostgreSQL ended and was started with space again' : 'PostgreSQL stayed up';
  },
  expectation: {
    words: 'the server refuses and lives on; with space again nothing acknowledged is missing',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 4_500,
    fullRateMsMax: 6_000,
  },
};

async function fillDisk(file: string): Promise<void> {
  const block = Buffer.alloc(1_048_576);
  for (;;) {
    try {
      await writeFile(file, block, { flag: 'a' });
    } catch {
      return;
    }
  }
}

/** The log's current segment still has room, which the load alone would use up too slowly. */
async function useUpLog(stage: Stage): Promise<void> {
  for (let count = 0; count < 40; count += 1) {
    const isRefused = await stage
      .query(`select pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))`)
      .then(() => false)
      .catch(() => true);
    if (isRefused) return;
  }
}
