import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasProcess } from '../../src/lib/process-token.ts';
import type { GraphQLResult } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';

/** Variables of a process. An undefined one is not set, even if the fixture has a default for it. */
export type Environment = Record<string, string | undefined>;

/** How a command ended. */
export type Ended = { code: number | null; stdout: string; stderr: string };

/** A server in its own process. */
export type Served = {
  /** The origin of the server, as printed. */
  url: string;
  /** The id of the process. */
  pid: number;
  ask: (query: string, token?: string) => Promise<GraphQLResult>;
  /** Resolves once it prints a match after this call. */
  waitForText: (pattern: RegExp) => Promise<string>;
  /** Sends the signals in immediate sequence and resolves with the outcome. */
  end: (...signals: NodeJS.Signals[]) => Promise<Ended>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Longer than any start on a busy machine; the time limit of a test is reached first. */
const startSecondsMax = 60;

/** Runs `tenantry` to its end, with only the given settings and without a .env. */
export async function runTenantry(
  args: string[],
  environment: Environment = {},
  input = '',
): Promise<Ended> {
  const child = spawnTenantry(args, environment);
  const ended = collect(child);
  child.stdin?.end(input);
  return ended;
}

/** Starts `tenantry serve` on a free port and waits until it prints its address. */
export async function startServing(environment: Environment): Promise<Served> {
  return waitForServer(spawnTenantry(['serve'], { PORT: '0', ...environment }));
}

/** Runs Node with these arguments in `cwd`, and waits in the same way. */
export function startProgram(
  args: string[],
  { cwd, environment }: { cwd: string; environment: Environment },
): Promise<Served> {
  return waitForServer(spawnNode(args, environment, cwd));
}

async function waitForServer(child: ChildProcess): Promise<Served> {
  const ended = collect(child);
  // In the output for people or in a log line.
  const url = await waitForText(child, /(?:GraphQL +|"url":")(http:[^\s"]+?)(?:\/graphql|")/);
  return {
    url,
    pid: child.pid ?? 0,
    ask: (query, token) => sendQuery(url, query, token),
    waitForText: (pattern) => waitForText(child, pattern),
    end: (...signals) => {
      for (const signal of signals) child.kill(signal);
      return ended;
    },
  };
}

/** Sends the signal as soon as a program has printed `text`, and returns its outcome. */
export async function signalOnce(
  text: RegExp,
  signal: NodeJS.Signals,
  child: ChildProcess,
): Promise<Ended> {
  const ended = collect(child);
  await waitForText(child, text);
  child.kill(signal);
  return ended;
}

/** Creates a data folder. `remove` deletes it and stops a PostgreSQL that still runs there. */
export async function createDataDir(): Promise<{ dataDir: string; remove: () => Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-cli-'));
  return {
    dataDir,
    async remove() {
      const pid = await findPostgres(dataDir);
      if (pid !== null) process.kill(pid, 'SIGQUIT');
      await waitUntil(async () => (await findPostgres(dataDir)) === null);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Returns the pid of the PostgreSQL on a data folder, or null. */
export async function findPostgres(dataDir: string): Promise<number | null> {
  const file = path.join(dataDir, 'postgres', 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return pid > 0 && hasProcess(pid) ? pid : null;
}

async function sendQuery(url: string, query: string, token?: string): Promise<GraphQLResult> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as GraphQLResult;
}

/** Starts `tenantry`; the caller has to end it. */
export function spawnTenantry(args: string[], environment: Environment): ChildProcess {
  return spawnNode([path.join(root, 'src/cli/tenantry.js'), ...args], environment);
}

/** Starts a module given as text; imports in it start at the project's root (`#root/src/…`). */
export function spawnScript(code: string, environment: Environment): ChildProcess {
  const script = code.replaceAll('#root/', new URL('../../', import.meta.url).href);
  return spawnNode(['--input-type=module', '--eval', script], environment);
}

export function spawnNode(args: string[], environment: Environment, cwd = tmpdir()): ChildProcess {
  return spawn(process.execPath, args, {
    // Not the folder of the project, which may contain the .env of the developer.
    cwd,
    // The programs of PostgreSQL need PATH and HOME.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'test', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Resolves with the output and exit code once the process has ended. */
export async function collect(child: ChildProcess): Promise<Ended> {
  const ended = { code: null as number | null, stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    ended.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    ended.stderr += chunk.toString();
  });
  [ended.code] = await once(child, 'close');
  return ended;
}

/** Resolves with the first group of the pattern, or with the whole match. */
export function waitForText(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const limit = setTimeout(
      () => reject(new Error(`not printed: ${pattern}`)),
      startSecondsMax * 1_000,
    );
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match) settle(() => resolve(match[1] ?? match[0]));
    };
    const settle = (result: () => void) => {
      clearTimeout(limit);
      child.stdout?.off('data', read);
      child.stderr?.off('data', read);
      result();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) =>
      settle(() => reject(new Error(`ended with ${code} before ${pattern}: ${text}`))),
    );
  });
}
