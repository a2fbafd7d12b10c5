import { mkdir, writeFile } from 'node:fs/promises';
import { type CallRecord, count, countByCaller, countByVerdict } from './call-counts.ts';
import { callers } from './callers.ts';

/** One run of the whole matrix. */
export type Run = { title: string; records: readonly CallRecord[] };

const folder = new URL('../../../reports/', import.meta.url);

/** Writes all calls and their verdicts to reports/isolation.md, and returns a summary. */
export async function writeReport(runs: readonly Run[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const parts = runs.map((run) => [
    `## ${run.title}`,
    describeCallers(run.records),
    describeVerdicts(run.records),
    describeFields(run.records),
  ]);
  const text = [
    '# Isolation matrix',
    'Calls by caller and field, and their verdicts. docs/isolation.md explains how to read this.',
    ...parts.flat(),
  ];
  await writeFile(new URL('isolation.md', folder), `${text.join('\n\n')}\n`);
  return runs.map(({ title, records }) => `${title}\n${summarize(records)}`).join('\n\n');
}

/** One line per caller, for the terminal. */
function summarize(records: readonly CallRecord[]): string {
  const lines = countByCaller(records).map(
    ([caller, { calls, allowed, denied }]) =>
      `${caller.padEnd(14)} ${pad(calls)} calls ${pad(allowed)} allowed ${pad(denied)} denied`,
  );
  const ends = countByVerdict(records).map(([verdict, number]) => `${number} ${verdict}`);
  return [...lines, `verdicts: ${ends.join(', ')}`].join('\n');
}

const pad = (number: number) => String(number).padStart(6);

function describeCallers(records: readonly CallRecord[]): string {
  const rows = countByCaller(records).map(([caller, { calls, allowed, denied }]) => [
    caller,
    calls,
    allowed,
    denied,
  ]);
  return toTable(['Caller', 'Calls', 'Allowed', 'Denied'], rows);
}

function describeVerdicts(records: readonly CallRecord[]): string {
  return toTable(['Verdict', 'Calls'], countByVerdict(records));
}

/** A row per field: allowed and tried calls of each caller. */
function describeFields(records: readonly CallRecord[]): string {
  const byField = Map.groupBy(records, ({ key }) => key);
  const rows = [...byField].map(([key, own]) => {
    const { calls, denied } = count(own);
    const passed = callers.map((caller) => {
      const tried = count(own.filter((entry) => entry.caller === caller));
      return tried.calls === 0 ? '' : `${tried.allowed}/${tried.calls}`;
    });
    return [key, own[0]?.rule ?? '', calls, denied, ...passed];
  });
  return toTable(['Field', 'Access rule', 'Calls', 'Denied', ...callers], rows);
}

function toTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const toLine = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [toLine(head), toLine(head.map(() => '---')), ...rows.map(toLine)].join('\n');
}
