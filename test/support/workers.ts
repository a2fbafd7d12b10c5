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

// biome-ignore lint/suspicious/noExplicitAny: log lines of every shape.
type Line = Record<string, any>;

/** `tenantry serve` with several workers, as a process group on a database of its own. */
export type Workers = {
  /** Id of the primary and of the process group. */
  pid: number;
  url: string;
  /** The log so far. */
  lines: Line[];
  /** Connected as the owner, to take locks and read rows. */
  owner: pg.Client;
  /** Sends an operation on a new connection, so that the next worker handles it. */
  ask: (query: string, options?: AskOptions) => Promise<GraphQLResult>;
  /** Repeats an operation until each worker has responded. Returns the results by worker. */
  askEach: (query: string, token: string) => Promise<Map<number, GraphQLResult>>;
  /** The current pid of a worker. */
  findPid: (worker: number) => number;
  waitForLine: (matches: (line: Line) => boolean) => Promise<Line>;
  /** All metrics by name and labels. */
  scrape: () => Promise<Map<string, number>>;
  /** Resolves with the exit code of the primary. */
  ended: Promise<number | null>;
  /** Ends the processes and drops the database. */
  close: () => Promise<void>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const startSecondsMax = 60;
/** Far more than needed if workers take turns. */
const triesMax = 100;

/** Starts two workers, unless set otherwise, and resolves once they serve. */
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

/** Whether the line reports that a worker is ready. */
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
  return async (matches) => {
    await waitUntil(async () => {
      if (lines.some(matches)) return true;
      if (child.exitCode !== null) throw new Error(`ended: ${JSON.stringify(lines)}`);
      return false;
    }, startSecondsMax);
    return lines.find(matches) ?? {};
  };
}

function createAskEach({
  ask,
  waitForLine,
  count,
}: Pick<Workers, 'ask' | 'waitForLine'> & { count: number }): Workers['askEach'] {
  let serial = 0;
  return async (query, token) => {
    const results = new Map<number, GraphQLResult>();
    for (let tries = 0; results.size < count && tries < triesMax; tries += 1) {
      serial += 1;
      const requestId = `to-each-${serial}`;
      const result = await ask(query, { token, headers: { 'x-request-id': requestId } });
      const { worker } = await waitForLine((line) => line.requestId === requestId);
      results.set(worker, result);
    }
    return results;
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
  const metrics = text.split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    metrics.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
