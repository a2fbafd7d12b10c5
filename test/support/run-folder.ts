import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const reaper = fileURLToPath(new URL('./reaper.ts', import.meta.url));

/**
 * Creates a folder that becomes `tmpdir()` for this process and its children. Returns a function that removes the
 * folder and ends what still runs on it. The same happens when this process is killed, since another process waits
 * for its end.
 */
export async function openRunFolder(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-test-'));
  // The account that runs PostgreSQL must be able to enter.
  await chmod(folder, 0o711);
  const child = spawn(process.execPath, [reaper, folder], {
    // A session of its own: a Ctrl-C in the terminal does not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  const previous = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return async () => {
    if (previous === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = previous;
    const ended = once(child, 'exit');
    child.ref();
    child.stdin.end();
    await ended;
  };
}

/** For vitest's `globalSetup`. */
export default openRunFolder;
