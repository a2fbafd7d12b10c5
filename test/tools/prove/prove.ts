import type pg from 'pg';
import type { App } from '../../../src/app.ts';
import { schema } from '../../../src/schema.ts';
import { type Arena, startServer, withClient } from './arena.ts';
import { listUnused } from './coverage.ts';
import { fill } from './fill.ts';
import { type HotArguments, measureHot, prepareHot } from './hot.ts';
import { listIndexes, takeOutTuning } from './indexes.ts';
import type { Findings } from './judge.ts';
import { playAll } from './operations/all.ts';
import { streamDocuments } from './operations/streams.ts';
import { createWorld } from './operations/world.ts';
import { type Told, tellPlansSql } from './plans.ts';
import { createPlayer } from './player.ts';

/** How many arguments each hot query is asked with, and how often after the first time. */
const hotCount = 60;
const hotRounds = 5;
/** Without its indexes each takes its time: a few arguments tell enough, the largest tenants among them. */
const beforeArguments = 15;
const beforeRounds = 2;

/**
 * Fills a database for so many users, plays every operation of the API in it, and looks at what the
 * database did for that; if `isTimed` then the hot queries many times, and once more without any
 * tuning.
 */
export async function prove(
  arena: Arena,
  { users, isTimed }: { users: number; isTimed: boolean },
): Promise<Findings> {
  const database = `proof_${users}`;
  const ownerUrl = await arena.createDatabase(database);
  const filling = await fill(ownerUrl, users);
  const { seconds, rows } = filling;
  try {
    const played = await withServer(
      ownerUrl,
      { database, told: 'everything' },
      async (app, client) => {
        await client.query('select pg_stat_reset()');
        const player = createPlayer(app.url, arena.log);
        const world = await createWorld(player, { app, client, filling });
        await playAll(world);
        const unused = listUnused(schema, [...player.documents, ...streamDocuments]);
        const found = { users, seconds, rows, ledger: player.ledger, unused };
        if (!isTimed) return { found, asked: null };
        return { found, asked: await prepareHot(world, hotCount) };
      },
    );
    const found = { ...played.found, indexes: await withClient(ownerUrl, listIndexes) };
    if (played.asked === null) return { ...found, hot: [], before: [], compared: [] };
    const { hot, others } = played.asked;
    // Times without anything that is counted besides, and then once more for the buffers.
    const time = <T>(work: (url: string) => Promise<T>) =>
      withServer(ownerUrl, { database, told: 'times' }, ({ url }) => work(url));
    const count = (asked: HotArguments) =>
      withServer(ownerUrl, { database, told: 'buffers' }, ({ url }) =>
        measureHot(url, arena.log, asked, 0),
      );
    const few = cut(hot);
    const after = await time(async (url) => {
      // A server that has been at work: the processes of its connections know their way in shared memory.
      await measureHot(url, arena.log, others, 0);
      const all = await measureHot(url, arena.log, hot, hotRounds);
      return { all, compared: await measureHot(url, arena.log, few, beforeRounds) };
    });
    const afterBuffers = await count(hot);
    await withClient(ownerUrl, takeOutTuning);
    const before = await time((url) => measureHot(url, arena.log, few, beforeRounds));
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
    await arena.dropDatabase(database);
  }
}

type Work<T> = (app: App & { url: string }, client: pg.Client) => Promise<T>;

/** A server whose statements are told, and the owner beside it, of whom nothing is told. */
async function withServer<T>(
  ownerUrl: string,
  { database, told }: { database: string; told: Told },
  work: Work<T>,
): Promise<T> {
  await withClient(ownerUrl, (client) => client.query(tellPlansSql(database, told)));
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
