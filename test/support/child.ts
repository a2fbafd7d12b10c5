import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A Node process that a test may kill. */
export type Child = {
  pid: number;
  /** Resolves with the first line it prints; rejects if it ends before that. */
  firstLine: Promise<string>;
  /** Sends SIGKILL and resolves when the process has ended. */
  kill: () => Promise<void>;
  /** Sends SIGTERM and resolves with the exit code. */
  end: () => Promise<number | null>;
};

/** The running children, which are killed when this process exits. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs TypeScript in a new Node process; `#root/` in its imports is the root of the project. */
export function startChild(
  code: string,
  nodeArguments: readonly string[] = [],
  environment: Record<string, string> = {},
): Child {
  const root = new URL('../../', import.meta.url).href;
  const script = code.replaceAll('#root/', root);
  const child = spawn(
    process.execPath,
    [...nodeArguments, '--input-type=module', '--eval', script],
    {
      cwd: fileURLToPath(root),
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  const firstLine = readFirstLine(child);
  firstLine.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    firstLine,
    kill: async () => {
      await finish(child, 'SIGKILL');
    },
    end: () => finish(child, 'SIGTERM'),
  };
}

/** Calls `isDone` until it returns true. Throws after `seconds`. */
export async function waitUntil(isDone: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`not done after ${seconds} s`);
    await sleep(30);
  }
}

async function finish(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

function readFirstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code} before it printed a line`)));
  });
}
