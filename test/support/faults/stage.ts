import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort } from '../../../src/postgres/port.ts';
import type { AskOptions, GraphQLResult } from '../app.ts';
import { waitUntil } from '../child.ts';
import {
  type CrashingCluster,
  type CrashingClusterOptions,
  startCrashingCluster,
} from '../crashing-cluster.ts';
import { createTeam, type Team } from '../people.ts';
import { type Client, createClient } from './client.ts';
import { type Link, startLink } from './link.ts';
import {
  type ServerProcess,
  type ServerProcessOptions,
  startServerProcess,
} from './server-process.ts';

/** Requirements of a fault that differ from the defaults. */
export type StageNeeds = {
  cluster?: CrashingClusterOptions;
  /** The number of servers; 1 by default. */
  servers?: number;
  /** Settings of all servers, by their names. */
  environment?: Record<string, string>;
  server?: Pick<ServerProcessOptions, 'nodeArguments' | 'wrapper'>;
  /** Starts a proxy between the link and the database, such as a pooler. */
  between?: (appUrl: string) => Promise<{ url: string; close: () => Promise<void> }>;
  /** Cleans up after the stage is closed. */
  clear?: () => Promise<void>;
};

/** A PostgreSQL, servers in processes of their own, a link between them that can fail, and tenants. */
export type Stage = {
  cluster: CrashingCluster;
  link: Link;
  servers: ServerProcess[];
  client: Client;
  teams: Team[];
  /** Ends one server and starts another at the same address. */
  replaceServer: (index: number, signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>;
  /** Queries the database as the owner, not through the link. */
  query: <Row extends object>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;
  ask: (query: string, options?: AskOptions) => Promise<GraphQLResult>;
  close: () => Promise<void>;
};

const teamsCount = 4;

/** Opens a stage; close it at the end. */
export async function openStage(needs: StageNeeds = {}): Promise<Stage> {
  const cluster = await startCrashingCluster(needs.cluster);
  const { ownerUrl, appUrl } = cluster.database;
  const between = await needs.between?.(appUrl);
  const link = await startLink(between?.url ?? appUrl);
  const start = (port: number) =>
    startServerProcess({
      ...needs.server,
      environment: {
        ...getEnvironment(cluster, link, port),
        ...needs.environment,
      },
    });
  const servers: ServerProcess[] = [];
  for (let count = 0; count < (needs.servers ?? 1); count += 1) {
    servers.push(await start(await findFreePort()));
  }
  const ask = createAsk(servers);
  const client = createClient(servers.map(({ url }) => url));
  return {
    cluster,
    link,
    servers,
    client,
    teams: await createTeams(ownerUrl, ask),
    async replaceServer(index, signal) {
      const server = servers[index];
      if (!server) throw new Error(`There is no server ${index}.`);
      const code = await server.end(signal);
      servers[index] = await start(Number(new URL(server.url).port));
      return code;
    },
    query: (sql, values) => query(ownerUrl, sql, values),
    ask,
    async close() {
      client.close();
      for (const server of servers) await server.end('SIGKILL');
      await link.close();
      await between?.close();
      await cluster.database.drop();
    },
  };
}

function getEnvironment(cluster: CrashingCluster, link: Link, port: number) {
  return {
    NODE_ENV: 'test',
    DEMO: 'off',
    PORT: String(port),
    DATABASE_URL: cluster.database.ownerUrl,
    DATABASE_APP_URL: link.url,
    TENANTRY_DATA_DIR: cluster.dataDir,
  };
}

/** Creates tenants without a limit on roles, since the load creates many. */
async function createTeams(ownerUrl: string, ask: Stage['ask']): Promise<Team[]> {
  const teams: Team[] = [];
  for (let count = 0; count < teamsCount; count += 1) teams.push(await createTeam({ ask }));
  await query(ownerUrl, 'update tenants set custom_roles_max = 1000000');
  return teams;
}

function createAsk(servers: readonly ServerProcess[]): Stage['ask'] {
  return async (text, { token, variables, headers } = {}) => {
    const response = await fetch(`${servers[0]?.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: JSON.stringify({ query: text, variables }),
    });
    return (await response.json()) as GraphQLResult;
  };
}

async function query<Row extends object>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Waits for this many seconds while the load runs. */
export const pass = (seconds: number) => sleep(seconds * 1_000);

/** Resolves once a server handles an operation that needs the database. */
export function waitUntilServing(stage: Stage, seconds = 30): Promise<void> {
  const [team] = stage.teams;
  return waitUntil(async () => {
    const result = await stage
      .ask('{ viewer { user { id } } }', { token: team?.owner.token ?? '' })
      .catch(() => null);
    return result?.data?.viewer?.user.id === team?.owner.userId;
  }, seconds);
}
