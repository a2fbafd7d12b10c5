import { setFlagsFromString } from 'node:v8';

/**
 * How Node is started to serve in little memory. What is young gets at most 8 MB for each half of it: left to itself
 * Node gives it the more, the larger the machine is. With 16 some processes, by chance and from their beginning on, kept
 * whole requests alive until V8 collected everything, and needed half as much time again for each (decision 036).
 */
export const nodeArguments = ['--max-semi-space-size=8'];

/**
 * And where the C library is glibc, its memory comes from two pools: it would give each thread one of its own, which
 * keeps what was once needed there (`npm run bench` shows the resident memory).
 */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '2' };

/**
 * Has V8 collect what outlived its youth once that has grown by half; left to itself it waits for a hundred megabytes.
 * What does not know the flag says so and goes on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}

/**
 * Begins this command anew with `nodeArguments` and `nodeEnvironment`, in the same process, and does not return; what
 * is set already stays as it is.
 * Returns where nothing is missing, and where it cannot be done: on Windows, and for a parent that talks with this
 * process over a channel, which would be lost. For the beginning of a program: nothing is closed in order.
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
