import { readdirSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

/**
 * Gives the threads of Node's pool, which hash passwords, resolve names and read files, the lowest priority, so that the
 * event loop and the database run first; with an idle core nothing is slower. Only Linux has priorities per thread;
 * elsewhere, and without permission, this does nothing. With SCHED_IDLE hashes would starve on a busy machine.
 */
export async function lowerPoolThreadPriority(): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    // The first task of the pool, such as this one, starts all its threads.
    await access('/proc/self/task');
    for (const thread of readdirSync('/proc/self/task')) {
      // libuv's name for them.
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim();
      if (name === 'libuv-worker') setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    }
  } catch {
    // A thread may end meanwhile, and /proc may be missing: priorities then stay as they are.
  }
}
