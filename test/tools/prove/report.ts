import { mkdir, writeFile } from 'node:fs/promises';
import { describeMachine } from '../benchmarks/stage.ts';
import type { HotQuery } from './hot.ts';
import type { Index } from './indexes.ts';
import { formatPlan } from './plans.ts';
import type { Statement } from './statements.ts';
import { type Findings, fullReadReasons } from './violations.ts';

/** The files that `npm run db:prove` writes. */
const pages = {
  summary: new URL('../../../docs/indexes.md', import.meta.url),
  plans: new URL('../../../reports/plans.md', import.meta.url),
};

const command = '`npm run db:prove`';

/** The findings at each size, smallest first, with their violations. */
export type Proof = readonly { findings: Findings; violations: readonly string[] }[];

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
    '# Indexes and the queries they serve',
    '',
    `Written by ${command}. It fills a database with generated data, runs every operation of the API with every`,
    'argument and order, and reads from the log of PostgreSQL which plan each statement got. It fails if',
    '',
    '- a statement reads a whole large table,',
    '- no statement uses an index,',
    '- a plan switches from an index to the whole table as the data grows,',
    '- a hot query exceeds its limit at the 95th percentile,',
    '- or a field, argument or order of the schema was not used.',
    '',
    'All statements with their plans are written to reports/plans.md.',
    '',
    `Measured on ${describeMachine()}, server and client together, with the shipped settings.`,
    '',
    '## Violations',
    '',
    ...proof.flatMap(({ findings, violations }) =>
      violations.map((violation) => `- ${formatCount(findings.users)} users: ${violation}`),
    ),
    ...(proof.every(({ violations }) => violations.length === 0) ? ['None.'] : []),
    '',
    '## The data',
    '',
    formatData(proof),
    '',
    '## The hot queries',
    '',
    'Times are measured in the database, without the network, for the serving login with row security on.',
    '',
    '- *After* is the shipped schema. *Before* is the same schema with only its keys and unique constraints, and with',
    '  the default plan settings of PostgreSQL. It is measured with a few of the arguments, including the largest',
    '  tenants; *Faster* compares the two with these arguments.',
    '- *Before*, *After* and the limit are for queries that ran with the same arguments a moment earlier, as hot queries',
    '  do. *First run* is the first query with each argument, which has to load most of its pages, on a server that has',
    '  already served other users, tenants and keys. *All runs* includes it and the five runs that follow.',
    '- *Buffers* are pages of 8 KiB, on average per run.',
    '- Every request checks the session of its caller, so these checks are included in *session check*.',

    '',
    ...formatHot(proof),
    '',
    '## Indexes',
    '',
    'Primary keys and unique indexes are included. *Statements* is the number of distinct statements with the index in',
    'their plan, at the largest size.',
    '',
    ...formatIndexes(proof),
    '',
    '## Operations that may read a whole table',
    '',
    ...fullReadReasons.map((reason) => `- ${reason}.`),
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
    formatRow([
      'Time to fill',
      ...proof.map(({ findings }) => `${Math.round(findings.seconds)} s`),
    ]),
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
  const times = (name: string) => [`${name} p50`, `${name} p95`, `${name} buffers`];
  const others = [
    'Limit',
    'Runs',
    'Faster at p50',
    'Faster at p95',
    'First run p95',
    'All runs p95',
  ];
  return [
    formatRow(['Users', 'Query', ...times('Before'), ...times('After'), ...others]),
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
  const statements = [...largest.statements.values()];
  return [
    formatRow(['Table', 'Index', 'MB', 'Statements', 'Purpose', 'Operations']),
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

function formatPlans({ users, statements: all }: Findings): string {
  const statements = [...all.values()].toSorted((a, b) => b.buffersMax - a.buffersMax);
  return [
    '# Every statement with its plans',
    '',
    `Written by ${command} with ${formatCount(users)} users, ordered by the maximum of buffers. Times are measured in`,
    'the database and include the logging of plans and the first run of a statement on a connection. Buffers are',
    'pages of 8 KiB. Statements in a function are listed separately, and are included in the figures of the function.',
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
