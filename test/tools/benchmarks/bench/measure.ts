import type pg from 'pg';
import { type Answers, runLoad } from './client.ts';
import { readCpuTimes, subtractCpu } from './cpu.ts';
import type { Request } from './expect.ts';

/** What is asked of whom, again and again in turn. */
export type Contestant = { url: string; pid: number; requests: readonly Request[] };

/** One repetition. Times in ms. */
export type Measured = {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** Of the server and of its connections in the database; null where the system does not tell. */
  cpuMsPerRequest: number | null;
  /** Of the load, which shares the machine. */
  clientCpuMsPerRequest: number;
  statementsPerRequest: number;
};

export type ClosedLoad = { connections: number; milliseconds: number };

/**
 * Loads a server in a closed loop and looks at what that took. `client` is the owner's. Throws with the first
 * answer that is not what was asked for.
 */
export async function measure(
  { url, pid, requests }: Contestant,
  load: ClosedLoad,
  client: pg.Client,
): Promise<Measured> {
  const cpuBefore = await readCpuTimes([pid, ...(await listBackends(client))]);
  const statementsBefore = await countStatements(client);
  const answers = await runLoad({ port: findPort(url), requests, ...load });
  const cpuAfter = await readCpuTimes([pid, ...(await listBackends(client))]);
  const statements = (await countStatements(client)) - statementsBefore;
  checkAnswers(answers);
  const count = answers.times.length;
  const cpuMs = subtractCpu(cpuAfter, cpuBefore);
  return {
    perSecond: count / (answers.milliseconds / 1_000),
    p50: findQuantile(answers, 0.5),
    p95: findQuantile(answers, 0.95),
    p99: findQuantile(answers, 0.99),
    cpuMsPerRequest: cpuMs === null ? null : cpuMs / count,
    clientCpuMsPerRequest: answers.cpuMs / count,
    statementsPerRequest: statements / count,
  };
}

/** Throws where anything was refused or wrong, with the first such answer. */
export function checkAnswers({ times, refused, wrong, firstFault }: Answers): void {
  if (refused + wrong === 0 && times.length > 0) return;
  throw new Error(
    `${refused} refused, ${wrong} wrong and ${times.length} good answers; the first that was not good: ${firstFault}`,
  );
}

export const findPort = (url: string) => Number(new URL(url).port);

export const findQuantile = ({ times }: Pick<Answers, 'times'>, share: number) =>
  times[Math.floor(times.length * share)] ?? Number.NaN;

/** The connections of all servers, of which one is loaded; not the one that looks. */
async function listBackends(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity
     where application_name in ('tenantry', 'raw', 'postgraphile') order by pid`,
  );
  return rows.map(({ pid }) => pid);
}

/** All of the servers' logins; the owner only looks. */
async function countStatements(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::float8 as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and toplevel
       and userid <> current_user::regrole`,
  );
  return rows[0]?.calls ?? 0;
}
