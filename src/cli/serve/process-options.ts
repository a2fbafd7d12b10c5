import { setFlagsFromString } from 'node:v8';

/**
 * Node options for low memory. Limits each young-generation semi-space to 8 MB; Node's default grows with the machine.
 * With 16 MB some processes, at random but for their whole life, kept requests alive until a full collection and used
 * 50 % more CPU for each (decision 036).
 */
export const nodeArguments = ['--max-semi-space-size=8'];

/**
 * For glibc: two memory arenas instead of one per thread, each of which keeps its peak size (`npm run bench` shows the
 * resident memory).
 */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '2' };

/**
 * Makes V8 collect the old generation after 50 % growth; by default it waits for about 100 MB. A V8 that does not know
 * the flag prints a warning and goes on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}

/**
 * Restarts this command in the same process with `nodeArguments` and `nodeEnvironment`, without overriding existing
 * values. Does not return, unless nothing is missing or a restart is not possible: on Windows, and with an IPC channel
 * to the parent, which would be lost. Call it first in a program: nothing is closed.
 */
export function restartWithOptions(): void {
  const { argv, env, execArgv, execPath, execve, platform } = process;
  if (execve === undefined || platform === 'win32' || process.send !== undefined) return;
  const given = [...execArgv, env.NODE_OPTIONS].join(' ');
  const missing = nodeArguments.filter((argument) => !given.includes(nameOf(argument)));
  const variables = platform === 'linux' ? { ...nodeEnvironment, ...env } : env;
  if (missing.length === 0 && Object.keys(variables).length === Object.keys(env).length) return;
  execve(execPath, [execPath, ...execArgv, ...missing, ...argv.slice(1)], variables);
}

const nameOf = (argument: string) => argument.split('=', 1)[0] ?? argument;
