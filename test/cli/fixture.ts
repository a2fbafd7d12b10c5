import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasProcess } from '../../src/lib/process-token.ts';
import type { GraphQLResult } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';

/** Variables of a process. One that is undefined is not set, whatever the fixture would set. */
export type Environment = Record<string, string | undefined>;

/** How a command ended. */
export type Ended = { code: number | null; stdout: string; stderr: string };

/** A server in a process of its own. */
export type Served = {
  /** The server's origin, as it was printed. */
  url: string;
  /** Of the process that was started. */
  pid: number;
  ask: (query: string, token?: string) => Promise<GraphQLResult>;
  /** Resolves once it prints something that matches, from the call on. */
  waitForText: (pattern: RegExp) => Promise<string>;
  /** Sends the signals, one right after the other, and resolves with how it ended. */
  end: (...signals: NodeJS.Signals[]) => Promise<Ended>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Longer than any start on a busy machine; a test fails by its own limit before that. */
const startSecondsMax = 60;

/** Runs `tenantry` to its end. Of the settings it sees only those given, and no .env. */
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

/** Starts `tenantry serve` on a free port and waits until it says where it is. */
export async function startServing(environment: Environment): Promise<Served> {
  return serve(spawnTenantry(['serve'], { PORT: '0', ...environment }));
}

/** The same for arguments of Node, in a folder of its own. */
export function startProgram(
  args: string[],
  { cwd, environment }: { cwd: string; environment: Environment },
): Promise<Served> {
  return serve(spawnNode(args, environment, cwd));
}

async function serve(child: ChildProcess): Promise<Served> {
  const ended = collect(child);
  // As people are told, or as a line of the log.
  const url = await waitForText(child, /(?:GraphQL +|"url":")(http:[^\s"]+?)(?:\/graphql|")/);
  return {
    url,
    pid: child.pid ?? 0,
    ask: (query, token) => ask(url, query, token),
    waitForText: (pattern) => waitForText(child, pattern),
    end: (...signals) => {
      for (const signal of signals) child.kill(signal);
      return ended;
    },
  };
}

/** Sends a program the signal as soon as it has printed `text`, and returns how it ended. */
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

/** A folder for a server's data, and its removal together with whatever still runs there. */
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

/** The pid of the PostgreSQL that runs on a data folder, or null. */
export async function findPostgres(dataDir: string): Promise<number | null> {
  const file = path.join(dataDir, 'postgres', 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return pid > 0 && hasProcess(pid) ? pid : null;
}

async function ask(url: string, query: string, token?: string): Promise<GraphQLResult> {
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

/** Starts `tenantry` and leaves it to the caller. */
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
    // Not the project's folder, whose .env is the developer's own.
    cwd,
    // PATH and HOME are for the programs of PostgreSQL.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'test', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Resolves with all it printed, when it has ended. */
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

/** The pattern's first group, or the whole match. */
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
