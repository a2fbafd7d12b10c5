import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** `tenantry serve` in a process of its own. */
export type ServerProcess = {
  url: string;
  pid: number;
  isAlive: () => boolean;
  signal: (signal: NodeJS.Signals) => void;
  /** Sends the signal and resolves with the exit code, null after a kill. */
  end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>;
  /** The log lines above level info, and lines that are not JSON. */
  listWarnings: () => string[];
};

export type ServerProcessOptions = {
  environment: Record<string, string>;
  /** Put in front of Node's own arguments, such as `--import`. */
  nodeArguments?: readonly string[];
  /** Put in front of Node itself, such as `prlimit`. */
  wrapper?: readonly string[];
};

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Starts a server and resolves once it serves. Throws with its log if it ends before. */
export async function startServerProcess({
  environment,
  nodeArguments = [],
  wrapper = [],
}: ServerProcessOptions): Promise<ServerProcess> {
  const [command = '', ...rest] = [
    ...[...wrapper, process.execPath, ...nodeArguments],
    ...['src/cli/tenantry.js', 'serve'],
  ];
  const child = spawn(command, rest, {
    cwd: root,
    env: { PATH: process.env.PATH, ...environment, LOG_FORMAT: 'json', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const warnings: string[] = [];
  const url = await readUrl(child, warnings);
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return {
    url,
    pid: child.pid ?? 0,
    isAlive,
    signal: (signal) => child.kill(signal),
    async end(signal) {
      if (!isAlive()) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
    listWarnings: () => warnings,
  };
}

/** Memory and open files of a process, from /proc; zeros on other systems. */
export async function measureProcess(pid: number): Promise<{ rssMb: number; sockets: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return { rssMb: Math.round(kilobytes / 1_024), sockets: files.length };
}

const warningsMax = 200;

function readUrl(child: ChildProcess, warnings: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const read = (line: string) => {
      const entry = parse(line);
      if (entry?.msg === 'ready') resolve(String(entry.url));
      const isWarning = entry === null || Number(entry.level) > 30;
      if (isWarning && warnings.length < warningsMax) warnings.push(line);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', read);
    }
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      reject(new Error(`ended (${code ?? signal}) before it served: ${warnings.join('\n')}`));
    });
  });
}

function parse(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
