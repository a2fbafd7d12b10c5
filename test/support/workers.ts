import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { findFreePort } from '../../src/postgres/port.ts';
import type { AskOptions, GraphQLResult } from './app.ts';
import { waitUntil } from './child.ts';
import { createTestDatabase } from './cluster.ts';

// biome-ignore lint/suspicious/noExplicitAny: lines of every shape.
type Line = Record<string, any>;

/** `tenantry serve` with several workers, as a group of processes on a database of its own. */
export type Workers = {
  /** Of the primary, and of the group. */
  pid: number;
  url: string;
  /** The log so far. */
  lines: Line[];
  /** Connected as the owner, for locks and for looking. */
  owner: pg.Client;
  /** Over a connection of its own, so that the next worker has it. */
  ask: (query: string, options?: AskOptions) => Promise<GraphQLResult>;
  /** Asks until each worker has answered; what each said, by its number. */
  askEach: (query: string, token: string) => Promise<Map<number, GraphQLResult>>;
  /** The pid that serves for a worker now. */
  findPid: (worker: number) => number;
  waitForLine: (fits: (line: Line) => boolean) => Promise<Line>;
  /** All figures by name and labels. */
  scrape: () => Promise<Map<string, number>>;
  /** The exit code of the primary, when it has ended. */
  ended: Promise<number | null>;
  /** Ends what still runs, and removes the database. */
  close: () => Promise<void>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const startSecondsMax = 60;
/** Far more than workers that take turns need. */
const triesMax = 100;

/** Starts it with two workers, and resolves once it serves. */
export async function startWorkers(environment: Record<string, string> = {}): Promise<Workers> {
  const database = await createTestDatabase();
  const metricsPort = await findFreePort();
  const child = spawn(process.execPath, [`${root}src/cli/tenantry.js`, 'serve'], {
    cwd: tmpdir(),
    detached: true,
    env: {
      ...{ PATH: process.env.PATH, NODE_ENV: 'test', PORT: '0', DEMO: 'off' },
      ...{ DATABASE_URL: database.ownerUrl, TENANTRY_SECRET: 's'.repeat(40) },
      ...{ WEB_CONCURRENCY: '2', METRICS_PORT: String(metricsPort) },
      ...{ LOG_FORMAT: 'json', LOG_LEVEL: 'debug', HOUSEKEEPING_INTERVAL_SECONDS: '0' },
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = readLines(child);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const waitForLine = createWait(lines, child);
  const { url } = await waitForLine(({ msg }) => msg === 'ready');
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const ask: Workers['ask'] = (query, options) => post(url, query, options);
  const pid = child.pid ?? 0;
  return {
    pid,
    url,
    lines,
    owner,
    ask,
    askEach: createAskEach({ ask, waitForLine, count: Number(environment.WEB_CONCURRENCY ?? 2) }),
    findPid: (worker) => lines.findLast((line) => isServing(line) && line.worker === worker)?.pid,
    waitForLine,
    scrape: () => scrape(`http://127.0.0.1:${metricsPort}/metrics`),
    ended,
    async close() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
      await ended;
      await owner.end();
      await database.drop();
    },
  };
}

/** Whether the line tells that a worker has begun to serve. */
export function isServing({ msg }: Line): boolean {
  return msg === 'worker ready';
}

function readLines(child: ChildProcess): Line[] {
  const lines: Line[] = [];
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  }
  return lines;
}

function createWait(lines: Line[], child: ChildProcess): Workers['waitForLine'] {
  return async (fits) => {
    await waitUntil(async () => {
      if (lines.some(fits)) return true;
      if (child.exitCode !== null) throw new Error(`ended: ${JSON.stringify(lines)}`);
      return false;
    }, startSecondsMax);
    return lines.find(fits) ?? {};
  };
}

function createAskEach({
  ask,
  waitForLine,
  count,
}: Pick<Workers, 'ask' | 'waitForLine'> & { count: number }): Workers['askEach'] {
  let serial = 0;
  return async (query, token) => {
    const answers = new Map<number, GraphQLResult>();
    for (let tries = 0; answers.size < count && tries < triesMax; tries += 1) {
      serial += 1;
      const requestId = `to-each-${serial}`;
      const answer = await ask(query, { token, headers: { 'x-request-id': requestId } });
      const { worker } = await waitForLine((line) => line.requestId === requestId);
      answers.set(worker, answer);
    }
    return answers;
  };
}

function post(url: string, query: string, options: AskOptions = {}): Promise<GraphQLResult> {
  const { token, variables, headers } = options;
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/graphql`, {
      method: 'POST',
      agent: new Agent({ keepAlive: false }),
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    });
    sent.end(JSON.stringify({ query, variables }));
  });
}

async function scrape(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(url)).text();
  const figures = text.split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    figures.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
