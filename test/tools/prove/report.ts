import { mkdir, writeFile } from 'node:fs/promises';
import { describeMachine } from '../benchmarks/stage.ts';
import type { HotQuery } from './hot.ts';
import type { Index } from './indexes.ts';
import { type Findings, wholesaleReasons } from './judge.ts';
import { formatPlan } from './plans.ts';
import type { Statement } from './statements.ts';

/** Where the pages of `npm run db:prove` lie. */
const pages = {
  summary: new URL('../../../docs/indexes.md', import.meta.url),
  plans: new URL('../../../reports/plans.md', import.meta.url),
};

const command = '`npm run db:prove`';

/** What was found, smallest first, with what is not as it should be. */
export type Proof = readonly { findings: Findings; breaches: readonly string[] }[];

/** Writes docs/indexes.md and, for the largest size, reports/plans.md. */
export async function writeReport(proof: Proof): Promise<void> {
  await writeFile(pages.summary, formatSummary(proof));
  const largest = proof.at(-1);
  if (!largest) return;
  await mkdir(new URL('.', pages.plans), { recursive: true });
  await writeFile(pages.plans, formatPlans(largest.findings));
}

function formatSummary(proof: Proof): string {
  return [
    '# Which index earns its place',
    '',
    `Written by ${command}, which fills a database with the seed, plays every operation of the API in it`,
    'with every argument and order, and reads in the log of PostgreSQL which plan each statement got. It',
    'fails on a big table that is read whole, on an index that no statement used, on a plan that turns from',
    'an index to the whole table as the data grows, on a hot query over its bar at the 95th percentile,',
    'and on a field, argument or order of the schema that it did not ask for. The statements with their',
    'plans are written to reports/plans.md beside it.',
    '',
    `Measured on ${describeMachine()}, server and client together, with the shipped settings.`,
    '',
    '## What does not hold',
    '',
    ...proof.flatMap(({ findings, breaches }) =>
      breaches.map((breach) => `- ${formatCount(findings.users)} users: ${breach}`),
    ),
    ...(proof.every(({ breaches }) => breaches.length === 0) ? ['Nothing.'] : []),
    '',
    '## The data',
    '',
    formatData(proof),
    '',
    '## The hot queries',
    '',
    'In the database, without the way there, as the server asks them: by the app role, row security on.',
    'Before: the same schema with its keys and what must be unique alone, and plans as PostgreSQL makes them by',
    'itself; for a few of the arguments, the largest tenants among them. How many times faster is said of those.',
    'Before and after are of asking again what was asked a moment ago, which is what a hot query is, and so is the',
    'bar. The first time, for which PostgreSQL still has to fetch most of the pages, is told beside it, by itself and',
    'with the five times that follow: of a server that was put to work with other people, tenants and keys before.',
    'The session of who asks for the rest is checked each time, and so is among the sessions.',
    '',
    ...formatHot(proof),
    '',
    '## Indexes',
    '',
    'What is unique or a key keeps the data right and stands here too. Statements: how many different ones',
    'had it in their plan, at the largest size.',
    '',
    ...formatIndexes(proof),
    '',
    '## What may read a whole table',
    '',
    ...wholesaleReasons.map((reason) => `- ${reason}.`),
    '',
  ].join('\n');
}

function formatData(proof: Proof): string {
  const tables = (proof.at(-1)?.findings.rows ?? []).map(({ table }) => table);
  const count = (rows: Findings['rows'], name: string) =>
    formatCount(rows.find(({ table }) => table === name)?.rows ?? 0);
  return [
    formatRow(['Table', ...proof.map(({ findings }) => `${formatCount(findings.users)} users`)]),
    formatRow(['---', ...proof.map(() => '---:')]),
    ...tables.map((name) =>
      formatRow([`\`${name}\``, ...proof.map(({ findings }) => count(findings.rows, name))]),
    ),
    formatRow(['Filled in', ...proof.map(({ findings }) => `${Math.round(findings.seconds)} s`)]),
  ].join('\n');
}

function formatHot(proof: Proof): string[] {
  const rows = proof.flatMap(({ findings }) =>
    findings.hot.map((after) => {
      const find = (queries: readonly HotQuery[]) =>
        queries.find(({ name }) => name === after.name);
      const [before, compared] = [find(findings.before), find(findings.compared)];
      if (!before || !compared) return '';
      const cells = formatComparison({ before, after, compared });
      return formatRow([formatCount(findings.users), after.name, ...cells]);
    }),
  );
  const titles = ['Users', 'Query', 'Before p50', 'p95', 'Buffers', 'After p50', 'p95', 'Buffers'];
  const verdicts = ['Bar', 'Runs', 'Faster at p50', 'At p95', 'p95 the first time', 'p95 of all'];
  return [
    formatRow([...titles, ...verdicts]),
    formatRow(['---:', '---', ...Array.from({ length: 12 }, () => '---:')]),
    ...rows,
  ];
}

function formatComparison({
  before,
  after,
  compared,
}: Record<'before' | 'after' | 'compared', HotQuery>): string[] {
  const cells = ({ p50Ms, p95Ms, buffers }: HotQuery) => [
    `${p50Ms.toFixed(2)} ms`,
    `${p95Ms.toFixed(2)} ms`,
    formatCount(buffers),
  ];
  return [
    ...cells(before),
    ...cells(after),
    `${after.p95MsMax} ms`,
    String(after.runs),
    `${formatCount(before.p50Ms / compared.p50Ms)} ×`,
    `${formatCount(before.p95Ms / compared.p95Ms)} ×`,
    `${after.firstP95Ms.toFixed(2)} ms`,
    `${after.allP95Ms.toFixed(2)} ms`,
  ];
}

function formatIndexes(proof: Proof): string[] {
  const largest = proof.at(-1)?.findings;
  if (!largest) return [];
  const statements = [...largest.ledger.values()];
  return [
    formatRow(['Table', 'Index', 'MB', 'Statements', 'What it is for', 'Operations']),
    formatRow(['---', '---', '---:', '---:', '---', '---']),
    ...largest.indexes.map((index) => formatIndex(index, statements)),
  ];
}

function formatIndex(index: Index, statements: readonly Statement[]): string {
  const users = statements.filter(({ indexes }) => indexes.has(index.name));
  const operations = [...new Set(users.flatMap((statement) => [...statement.operations]))].sort();
  const shown = operations.slice(0, 4).join(', ');
  const rest = operations.length > 4 ? ` and ${operations.length - 4} more` : '';
  const reason = index.isPrimary ? 'primary key' : index.isUnique ? 'unique' : '';
  return formatRow([
    index.table,
    `\`${index.name}\``,
    index.megabytes.toFixed(1),
    String(users.length),
    (index.comment ?? reason).replaceAll('|', '\\|'),
    shown + rest,
  ]);
}

function formatPlans({ users, ledger }: Findings): string {
  const statements = [...ledger.values()].toSorted((a, b) => b.buffersMax - a.buffersMax);
  return [
    '# Every statement with its plans',
    '',
    `Written by ${command} with ${formatCount(users)} users, those that looked at most pages first. Times`,
    'are in the database and include what it takes to tell them; the first run of a statement on a',
    'connection is among them. Buffers are pages of 8 KiB. Statements in a function stand by themselves',
    'and in what the function took.',
    '',
    ...statements.flatMap(formatStatement),
  ].join('\n');
}

function formatStatement(statement: Statement): string[] {
  const { text, times, buffers, buffersMax, operations, plans } = statement;
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return [
    '```sql',
    shorten(text),
    '```',
    '',
    `${[...operations].sort().join(', ')}: ${times.length} runs, median ${median.toFixed(2)} ms, at most`,
    `${sorted.at(-1)?.toFixed(2)} ms; ${formatCount(buffers / times.length)} buffers, at most ${formatCount(buffersMax)}.`,
    '',
    ...[...plans.values()].flatMap(({ plan, runs, buffers: most }) => [
      '```text',
      `${runs} runs, at most ${formatCount(most)} buffers`,
      ...formatPlan(plan),
      '```',
      '',
    ]),
  ];
}

const shorten = (text: string) => (text.length > 400 ? `${text.slice(0, 400)} …` : text);
const formatRow = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const formatCount = (count: number) =>
  count < 10 ? String(Math.round(count * 10) / 10) : Math.round(count).toLocaleString('en');
