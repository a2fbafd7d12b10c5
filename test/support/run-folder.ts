import { spawn } from 'node:child_process';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const reaper = fileURLToPath(new URL('./reaper.ts', import.meta.url));

/** Shared in the process, since each project of a test run loads this module itself. Socket paths must stay short. */
const shared: { [key: symbol]: Promise<void> | undefined } = globalThis;
const opening = Symbol.for('tenantry.run-folder');

/**
 * Creates a folder, once, that is `tmpdir()` for this process and its children. When this process ends in any way,
 * another process ends all that uses the folder and removes it.
 */
export function openRunFolder(): Promise<void> {
  shared[opening] ??= createRunFolder();
  return shared[opening];
}

async function createRunFolder(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-test-'));
  // The account that runs PostgreSQL must be able to enter.
  await chmod(folder, 0o711);
  const child = spawn(process.execPath, [reaper, folder], {
    // A session of its own, so that a Ctrl-C in the terminal does not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  process.env.TMPDIR = folder;
}

/** For vitest's `globalSetup`. */
export default openRunFolder;
