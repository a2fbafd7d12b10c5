import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A program of ours in a process of its own, which a test may kill. */
export type Child = {
  pid: number;
  /** Resolves with the first line it prints; rejects if it ends before that. */
  firstLine: Promise<string>;
  /** `kill -9`, and resolves when it is gone. */
  kill: () => Promise<void>;
  /** Sends SIGTERM and resolves with how it ended. */
  end: () => Promise<number | null>;
};

/** Those that run. None outlives this process, however it ends in order. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs TypeScript in a Node of its own; imports in it start at the project's root (`#root/src/…`). */
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

/** Asks until the answer is true. Throws after `seconds`. */
export async function waitUntil(ask: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`still not so after ${seconds} s`);
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
    child.on('exit', (code) => reject(new Error(`ended with ${code} before it said anything`)));
  });
}
