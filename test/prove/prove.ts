import type pg from 'pg';
import type { App } from '../../src/app.ts';
import { schema } from '../../src/schema.ts';
import { type Arena, startServer, withClient } from './arena.ts';
import { listUnused } from './coverage.ts';
import { fill } from './fill.ts';
import { type HotArguments, measureHot, prepareHot } from './hot.ts';
import { listIndexes, takeOutTuning } from './indexes.ts';
import type { Findings } from './judge.ts';
import { playAll } from './operations/all.ts';
import { streamDocuments } from './operations/streams.ts';
import { createWorld } from './operations/world.ts';
import { tellPlansSql } from './plans.ts';
import { createPlayer } from './player.ts';

/** How many arguments each hot query is asked with, and how often. */
const hotCount = 60;
const hotRounds = 5;
/** Without its indexes each takes its time. */
const beforeRounds = 1;
const beforeArguments = 5;

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
    const played = await withServer(ownerUrl, { database, isNested: true }, async (app, client) => {
      await client.query('select pg_stat_reset()');
      const player = createPlayer(app.url, arena.log);
      const world = await createWorld(player, { app, client, filling });
      await playAll(world);
      const unused = listUnused(schema, [...player.documents, ...streamDocuments]);
      const found = { users, seconds, rows, ledger: player.ledger, unused };
      return { found, hotArguments: isTimed ? await prepareHot(world, hotCount) : null };
    });
    const { hotArguments } = played;
    const found = { ...played.found, indexes: await withClient(ownerUrl, listIndexes) };
    if (hotArguments === null) return { ...found, hot: [], before: [] };
    return await withServer(ownerUrl, { database, isNested: false }, async (app, client) => {
      const hot = await measureHot(app.url, arena.log, hotArguments, hotRounds);
      await takeOutTuning(client);
      await client.query('analyze');
      const before = await measureHot(app.url, arena.log, cut(hotArguments), beforeRounds);
      return { ...found, hot, before };
    });
  } finally {
    await arena.dropDatabase(database);
  }
}

type Work<T> = (app: App & { url: string }, client: pg.Client) => Promise<T>;

/** A server whose statements are told, and the owner beside it, of whom nothing is told. */
async function withServer<T>(
  ownerUrl: string,
  { database, isNested }: { database: string; isNested: boolean },
  work: Work<T>,
): Promise<T> {
  await withClient(ownerUrl, (client) => client.query(tellPlansSql(database, isNested)));
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
