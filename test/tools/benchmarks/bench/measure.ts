import type pg from 'pg';
import { type Responses, runLoad } from './client.ts';
import { readCpuTimes, subtractCpu } from './cpu.ts';
import type { Request } from './expect.ts';

/** A server and the requests that it gets in turn. */
export type LoadTarget = { url: string; pid: number; requests: readonly Request[] };

/** One repetition. Times in ms. */
export type Measured = {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** Of the server and its database connections; null where /proc is not available. */
  cpuMsPerRequest: number | null;
  /** Of the load generator, which shares the machine. */
  clientCpuMsPerRequest: number;
  statementsPerRequest: number;
};

export type ClosedLoad = { connections: number; milliseconds: number };

/** Measures a server in a closed loop. `client` is the owner's. Throws if any response is not as expected. */
export async function measure(
  { url, pid, requests }: LoadTarget,
  load: ClosedLoad,
  client: pg.Client,
): Promise<Measured> {
  const cpuBefore = await readCpuTimes([pid, ...(await listBackends(client))]);
  const statementsBefore = await countStatements(client);
  const responses = await runLoad({ port: findPort(url), requests, ...load });
  const cpuAfter = await readCpuTimes([pid, ...(await listBackends(client))]);
  const statements = (await countStatements(client)) - statementsBefore;
  checkResponses(responses);
  const count = responses.times.length;
  const cpuMs = subtractCpu(cpuAfter, cpuBefore);
  return {
    perSecond: count / (responses.milliseconds / 1_000),
    p50: findQuantile(responses, 0.5),
    p95: findQuantile(responses, 0.95),
    p99: findQuantile(responses, 0.99),
    cpuMsPerRequest: cpuMs === null ? null : cpuMs / count,
    clientCpuMsPerRequest: responses.cpuMs / count,
    statementsPerRequest: statements / count,
  };
}

/** Throws with the first unexpected response if there is any. */
export function checkResponses({ times, rejected, wrong, firstFailure }: Responses): void {
  if (rejected + wrong === 0 && times.length > 0) return;
  throw new Error(
    `${rejected} rejected, ${wrong} wrong and ${times.length} good responses; the first failure: ${firstFailure}`,
  );
}

export const findPort = (url: string) => Number(new URL(url).port);

export const findQuantile = ({ times }: Pick<Responses, 'times'>, share: number) =>
  times[Math.floor(times.length * share)] ?? Number.NaN;

/** The pids of the database connections of all servers. */
async function listBackends(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity
     where application_name in ('tenantry', 'raw', 'postgraphile') order by pid`,
  );
  return rows.map(({ pid }) => pid);
}

/** Statements of the logins of all servers. */
async function countStatements(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::float8 as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and toplevel
       and userid <> current_user::regrole`,
  );
  return rows[0]?.calls ?? 0;
}
