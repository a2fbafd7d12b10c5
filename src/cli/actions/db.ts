import type { Ctx } from '../../core/context.ts';
import { type Cleanup, deleteAllExpired } from '../../domains/maintenance/service.ts';
import {
  areStatementsMeasured,
  getCacheHitRatio,
  getConnectionUse,
  getStatisticsStart,
  listIndexUsage,
  listRecommendations,
  listSlowQueries,
  listTableStats,
  listUserActivity,
} from '../../domains/monitoring/service.ts';
import { type ListView, printList } from '../list.ts';
import { printJson, printNote, printResult } from '../output.ts';
import { formatFacts, formatTime } from '../table.ts';
import {
  activityList,
  adviceList,
  cacheList,
  connectionList,
  indexList,
  slowQueryList,
  tableList,
} from '../views/db.ts';
import { readAsOperator, withOperatorContext } from '../with-operator-context.ts';

const dayMs = 86_400_000;

type Options = { json?: boolean };
type SlowOptions = Options & { limit: number; minMs: number };
type IndexOptions = Options & { unused?: boolean };

/** A part of `tenantry db`: how its rows are read and shown. */
type Section<Row> = {
  view: ListView<Row>;
  /** Null where PostgreSQL keeps no such statistics; `explain` says so then. */
  read: (ctx: Ctx) => Promise<readonly Row[] | null>;
  /** A note for people: how to read the rows, or why there are none. */
  explain?: (ctx: Ctx) => Promise<string | null>;
};

const activityDays = 30;
/** Some statements run once a month; `tenantry db advice` waits equally long before it judges an index. */
const youngDays = 30;

const readOne =
  <Row>(read: (ctx: Ctx) => Promise<Row>) =>
  async (ctx: Ctx): Promise<readonly Row[]> => [await read(ctx)];

const createSlow = ({ limit, minMs }: Omit<SlowOptions, 'json'>) =>
  defineSection({
    view: slowQueryList,
    read: async (ctx) =>
      (await areStatementsMeasured(ctx)) ? await listSlowQueries(ctx, limit, minMs) : null,
    explain: async (ctx) =>
      (await areStatementsMeasured(ctx))
        ? null
        : 'There are no statistics of statements: "tenantry db advice" says what to do.',
  });
const createIndexes = ({ unused = false }: Pick<IndexOptions, 'unused'>) =>
  defineSection({
    view: indexList,
    read: (ctx) => listIndexUsage(ctx, unused),
    explain: async (ctx) => (unused ? describeStart(await getStatisticsStart(ctx)) : null),
  });

/** Null once the statistics are old enough to judge an index. */
function describeStart(since: Date | null): string | null {
  if (since === null || Date.now() - since.getTime() > youngDays * dayMs) return null;
  return (
    `Counted since ${formatTime(since)} only: what has not been used yet may still be needed. ` +
    `Judge indexes after ${youngDays} days.`
  );
}

const sections = {
  connections: defineSection({ view: connectionList, read: readOne(getConnectionUse) }),
  cache: defineSection({
    view: cacheList,
    read: readOne(async (ctx) => ({ hitRatio: await getCacheHitRatio(ctx) })),
  }),
  auth: defineSection({ view: activityList, read: (ctx) => listUserActivity(ctx, activityDays) }),
  tables: defineSection({ view: tableList, read: listTableStats }),
  advice: defineSection({ view: adviceList, read: listRecommendations }),
};

/** Prints one part. */
export function runSection(name: keyof typeof sections, { json }: Options): Promise<void> {
  return readAsOperator((ctx) => sections[name].print(ctx, json));
}

/** Prints the statements that are slow on average, or a note if they are not measured. */
export function runSlow({ json, ...options }: SlowOptions): Promise<void> {
  return readAsOperator((ctx) => createSlow(options).print(ctx, json));
}

/** Prints the indexes with their use. */
export function runIndexes({ json, ...options }: IndexOptions): Promise<void> {
  return readAsOperator((ctx) => createIndexes(options).print(ctx, json));
}

/** Prints every section under its name, or all as one JSON object. */
export async function runAll({ json = false }: Options): Promise<void> {
  const all = {
    slow: createSlow({ limit: 20, minMs: 100 }),
    ...sections,
    indexes: createIndexes({ unused: true }),
  };
  await readAsOperator(async (ctx) => {
    if (json) return printJson(await readAll(ctx, all));
    for (const [name, section] of Object.entries(all)) {
      printResult(`\n${name}`);
      await section.print(ctx, false);
    }
  });
}

/** Deletes all that has expired. */
export async function runCleanup({ json = false }: Options): Promise<void> {
  const counts = await withOperatorContext(deleteUntilComplete);
  if (json) return printJson(counts);
  printResult(formatFacts(Object.entries(counts)));
}

/** Repeats until complete, because one call is bounded like a request. */
async function deleteUntilComplete(ctx: Ctx): Promise<Record<string, number>> {
  const { consecutiveMax } = ctx.runtime.signInLimits;
  const sum: Record<string, number> = {};
  for (let isComplete = false; !isComplete; ) {
    const step: Cleanup = await deleteAllExpired(ctx.db, { consecutiveMax });
    const { isComplete: isDone, ...counts } = step;
    for (const [kind, count] of Object.entries(counts)) sum[kind] = (sum[kind] ?? 0) + count;
    isComplete = isDone;
  }
  return sum;
}

/** Null for a section without statistics. */
async function readAll(
  ctx: Ctx,
  all: Record<string, { toJson: (ctx: Ctx) => Promise<object[] | null> }>,
) {
  const read: Record<string, object[] | null> = {};
  for (const [name, section] of Object.entries(all)) read[name] = await section.toJson(ctx);
  return read;
}

/** Hides the row type of a section, so that all fit into one list. */
function defineSection<Row>({ view, read, explain }: Section<Row>) {
  const printExplanation = async (ctx: Ctx) => {
    const note = await explain?.(ctx);
    if (note) printNote(note);
  };
  return {
    async print(ctx: Ctx, json: boolean | undefined): Promise<void> {
      const rows = await read(ctx);
      if (rows !== null) await printList(toPages(rows), view, { json });
      if (rows === null || !json) await printExplanation(ctx);
    },
    async toJson(ctx: Ctx): Promise<object[] | null> {
      const rows = await read(ctx);
      if (rows === null) await printExplanation(ctx);
      return rows?.map(view.toJson) ?? null;
    },
  };
}

async function* toPages<Row>(rows: readonly Row[]) {
  yield rows;
}
