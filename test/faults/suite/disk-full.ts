import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Fault } from '../../support/faults/fault.ts';
import { pass, type Stage, waitUntilServing } from '../../support/faults/stage.ts';

const run = promisify(execFile);
let mountPoint = '';

/** Mounts a small in-memory file system for the whole cluster, including its write-ahead log. */
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
      return 'cannot mount a file system (needs Linux and root)';
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
    await fillLog(stage);
    await pass(isQuick ? 1 : 5);
    const isDown = !(await stage.cluster.isRunning());
    await rm(ballast);
    if (isDown) await stage.cluster.restart();
    await waitUntilServing(stage);
    return isDown
      ? 'PostgreSQL exited and was restarted once there was space'
      : 'PostgreSQL stayed up';
  },
  expectation: {
    words:
      'the server rejects requests and keeps running; once there is space, no acknowledged write is missing',
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

/** Fills the current segment of the write-ahead log, which the load alone would do too slowly. */
async function fillLog(stage: Stage): Promise<void> {
  for (let count = 0; count < 40; count += 1) {
    const hasFailed = await stage
      .query(`select pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))`)
      .then(() => false)
      .catch(() => true);
    if (hasFailed) return;
  }
}
