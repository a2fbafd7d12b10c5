import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { type Request, runLoad } from './client.ts';

/** What is asked, again and again in turn. */
export type Contestant = {
  url: string;
  pid: number;
  requests: readonly Request[];
};

/** One repetition. Times in ms. */
export type Measured = {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  failures: number;
  /** Of the server and of its connections in the database; null where the system does not tell. */
  cpuMsPerRequest: number | null;
  statementsPerRequest: number;
};

export type Load = { connections: number; milliseconds: number };

/** Loads a server in a closed loop and looks at what that took. `client` is the owner's. */
export async function measure(
  { url, pid, requests }: Contestant,
  load: Load,
  client: pg.Client,
): Promise<Measured> {
  const cpuBefore = await readCpuMs([pid, ...(await listBackends(client))]);
  const statementsBefore = await countStatements(client);
  const { connections, milliseconds } = load;
  const { origin } = new URL(url);
  const answers = await runLoad({ origin, requests, connections, milliseconds });
  const cpuAfter = await readCpuMs([pid, ...(await listBackends(client))]);
  const statementsAfter = await countStatements(client);
  const { times, failures } = answers;
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return {
    perSecond: times.length / (answers.milliseconds / 1_000),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    failures,
    cpuMsPerRequest:
      cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / times.length,
    statementsPerRequest: (statementsAfter - statementsBefore) / times.length,
  };
}

/** The connections of the servers, not the one that looks. */
async function listBackends(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name in ('tenantry', 'raw') order by pid`,
  );
  return rows.map(({ pid }) => pid);
}

/** Time on a core so far, of all of them; null where there is no /proc. */
async function readCpuMs(pids: readonly number[]): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  let ticks = 0;
  for (const pid of pids) {
    // The name of a process may hold spaces; after its bracket the fields are counted from the third.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks / ticksPerSecond()) * 1_000;
}

let knownTicks: number | undefined;
function ticksPerSecond(): number {
  knownTicks ??= Number(execFileSync('getconf', ['CLK_TCK']).toString());
  return knownTicks;
}

async function countStatements(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::float8 as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and toplevel
       and userid <> current_user::regrole`,
  );
  return rows[0]?.calls ?? 0;
}
