import type pg from 'pg';
import type { App } from '../../../src/app.ts';
import { schema } from '../../../src/schema.ts';
import { type ProofCluster, startServer, withClient } from './cluster.ts';
import { listUnused } from './coverage.ts';
import { fill } from './fill.ts';
import { type HotArguments, measureHot, prepareHot } from './hot.ts';
import { listIndexes, removeTuning } from './indexes.ts';
import { playAll } from './operations/all.ts';
import { streamDocuments } from './operations/streams.ts';
import { createWorld } from './operations/world.ts';
import { logPlansSql, type PlanDetail } from './plans.ts';
import { createPlayer } from './player.ts';
import type { Findings } from './violations.ts';

/** The number of arguments of each hot query, and of runs after the first one. */
const hotCount = 60;
const hotRounds = 5;
/** Fewer without indexes, where the queries are slow; the largest tenants are included. */
const beforeArguments = 15;
const beforeRounds = 2;

/**
 * Fills a database with `users` users, runs every operation of the API, and reads the plans of all statements. With
 * `isTimed` it also measures the hot queries, with and without tuning.
 */
export async function prove(
  cluster: ProofCluster,
  { users, isTimed }: { users: number; isTimed: boolean },
): Promise<Findings> {
  const database = `proof_${users}`;
  const ownerUrl = await cluster.createDatabase(database);
  const filling = await fill(ownerUrl, users);
  const { seconds, rows } = filling;
  try {
    const played = await withServer(
      ownerUrl,
      { database, detail: 'everything' },
      async (app, client) => {
        await client.query('select pg_stat_reset()');
        const player = createPlayer(app.url, cluster.log);
        const world = await createWorld(player, { app, client, filling });
        await playAll(world);
        const unused = listUnused(schema, [...player.documents, ...streamDocuments]);
        const found = { users, seconds, rows, statements: player.statements, unused };
        if (!isTimed) return { found, prepared: null };
        return { found, prepared: await prepareHot(world, hotCount) };
      },
    );
    const found = { ...played.found, indexes: await withClient(ownerUrl, listIndexes) };
    if (played.prepared === null) return { ...found, hot: [], before: [], compared: [] };
    const { hot, others } = played.prepared;
    // Buffers are counted in a separate run, since counting takes time.
    const time = <T>(work: (url: string) => Promise<T>) =>
      withServer(ownerUrl, { database, detail: 'times' }, ({ url }) => work(url));
    const count = (prepared: HotArguments) =>
      withServer(ownerUrl, { database, detail: 'buffers' }, ({ url }) =>
        measureHot(url, cluster.log, prepared, 0),
      );
    const few = cut(hot);
    const after = await time(async (url) => {
      // Warms up the server and its database connections.
      await measureHot(url, cluster.log, others, 0);
      const all = await measureHot(url, cluster.log, hot, hotRounds);
      return { all, compared: await measureHot(url, cluster.log, few, beforeRounds) };
    });
    const afterBuffers = await count(hot);
    await withClient(ownerUrl, removeTuning);
    const before = await time((url) => measureHot(url, cluster.log, few, beforeRounds));
    const beforeBuffers = await count(few);
    return {
      ...found,
      hot: after.all.map((query, index) => ({
        ...query,
        buffers: afterBuffers[index]?.buffers ?? 0,
      })),
      before: before.map((query, index) => ({
        ...query,
        buffers: beforeBuffers[index]?.buffers ?? 0,
      })),
      compared: after.compared,
    };
  } finally {
    await cluster.dropDatabase(database);
  }
}

type Work<T> = (app: App & { url: string }, client: pg.Client) => Promise<T>;

/** Runs `work` with a server whose plans are logged, and a client of the owner whose plans are not. */
async function withServer<T>(
  ownerUrl: string,
  { database, detail }: { database: string; detail: PlanDetail },
  work: Work<T>,
): Promise<T> {
  await withClient(ownerUrl, (client) => client.query(logPlansSql(database, detail)));
  const app = await startServer(ownerUrl);
  try {
    return await withClient(ownerUrl, async (client) => {
      await client.query('set auto_explain.log_min_duration = -1');
      return await work(app, client);
    });
  } finally {
    await app.close();
  }
}

function cut(hot: HotArguments): HotArguments {
  return {
    ...hot,
    emails: hot.emails.slice(0, beforeArguments),
    tokens: hot.tokens.slice(0, beforeArguments),
    keys: hot.keys.slice(0, beforeArguments),
    tenants: hot.tenants.slice(0, beforeArguments),
  };
}
