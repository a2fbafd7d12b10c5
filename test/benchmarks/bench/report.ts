import { writeFile } from 'node:fs/promises';
import { describeMachine, getMedian } from '../stage.ts';
import type { Series, Verdict } from './bars.ts';
import type { Measured } from './measure.ts';

/** What was measured at one size. */
export type Run = { users: number; series: Series; verdicts: readonly Verdict[] };

const page = new URL('../../../docs/performance.md', import.meta.url);

/** Writes docs/performance.md. */
export async function writeReport(
  runs: readonly Run[],
  growth: readonly Verdict[],
  hashesPerSecond: number,
): Promise<void> {
  await writeFile(
    page,
    [
      '# What it costs',
      '',
      'Written by `npm run bench`, in which all that stands in a table ran in turn, five times back and forth,',
      'with 32 connections that each ask one thing at a time. The load, the server and PostgreSQL share the',
      'machine, so figures are worth nothing elsewhere; the ratios are the point. They are medians of the',
      'ratios within a round.',
      '',
      '*Raw* is what people would write instead: a bare `node:http` server that answers with one named',
      'statement through pg, the session with its user; nothing is authorised, limited, logged or bound by row',
      'security. On our side everything is as shipped. No cache stands before the database.',
      '',
      `Measured on ${describeMachine()}. Bare argon2id: ${hashesPerSecond.toFixed(0)} hashes/s.`,
      '',
      ...runs.flatMap(formatRun),
      ...(growth.length === 0 ? [] : ['## As the data grows', '', ...formatVerdicts(growth), '']),
    ].join('\n'),
  );
}

function formatRun({ users, series, verdicts }: Run): string[] {
  const titles = [
    'Operation',
    'Requests/s',
    'p50',
    'p95',
    'p99',
    'CPU/request',
    'Statements/request',
  ];
  return [
    `## ${users.toLocaleString('en')} users`,
    '',
    formatRow(titles),
    formatRow(titles.map((_title, index) => (index === 0 ? '---' : '---:'))),
    ...[...series].map(([operation, repeated]) =>
      formatRow([operation, ...formatMeasured(repeated)]),
    ),
    '',
    ...formatVerdicts(verdicts),
    '',
  ];
}

function formatMeasured(repeated: readonly Measured[]): string[] {
  const median = (pick: (measured: Measured) => number) => getMedian(repeated.map(pick));
  const cpu = median(({ cpuMsPerRequest }) => cpuMsPerRequest ?? Number.NaN);
  return [
    Math.round(median(({ perSecond }) => perSecond)).toLocaleString('en'),
    `${median(({ p50 }) => p50).toFixed(2)} ms`,
    `${median(({ p95 }) => p95).toFixed(2)} ms`,
    `${median(({ p99 }) => p99).toFixed(2)} ms`,
    Number.isNaN(cpu) ? 'not told here' : `${cpu.toFixed(3)} ms`,
    median(({ statementsPerRequest }) => statementsPerRequest).toFixed(2),
  ];
}

function formatVerdicts(verdicts: readonly Verdict[]): string[] {
  return [
    formatRow(['Promise', 'Bar', 'Measured', 'Held?']),
    formatRow(['---', '---', '---:', '---']),
    ...verdicts.map(({ promise, bar, measured, isHeld }) =>
      formatRow([promise, bar, measured.toFixed(3), isHeld ? 'yes' : '**no**']),
    ),
  ];
}

const formatRow = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
