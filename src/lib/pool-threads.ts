import { readdirSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

/**
 * Has the threads of Node's pool, which hash passwords, look up names and read files, give way to anyone who wants a
 * core besides: the event loop and the database answer first, and with a core to spare nothing is slower. Linux alone tells threads apart; elsewhere,
 * and where it is not allowed, nothing happens. Linux's SCHED_IDLE would make others wait less still, but where
 * they keep the machine busy no hash would ever end.
 */
export async function lowerPoolThreadPriority(): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    // The pool starts all its threads with its first task, which this may be.
    await access('/proc/self/task');
    for (const thread of readdirSync('/proc/self/task')) {
      // The name that libuv gives them.
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim();
      if (name === 'libuv-worker') setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    }
  } catch {
    // A thread may end while it is looked at, and /proc need not be there: then they share as before.
  }
}
