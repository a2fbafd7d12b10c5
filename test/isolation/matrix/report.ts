import { mkdir, writeFile } from 'node:fs/promises';
import { callers } from './callers.ts';
import { count, countByCaller, countByVerdict, type Entry } from './tally.ts';

/** One run of the whole matrix. */
export type Run = { title: string; entries: readonly Entry[] };

const folder = new URL('../../../reports/', import.meta.url);

/** Writes what was tried and how it ended to reports/isolation.md, and returns the short form. */
export async function writeReport(runs: readonly Run[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const parts = runs.map((run) => [
    `## ${run.title}`,
    describeCallers(run.entries),
    describeVerdicts(run.entries),
    describeFields(run.entries),
  ]);
  const text = [
    '# Isolation matrix',
    'Who asked for what, and how it ended. How to read it: docs/isolation.md.',
    ...parts.flat(),
  ];
  await writeFile(new URL('isolation.md', folder), `${text.join('\n\n')}\n`);
  return runs.map(({ title, entries }) => `${title}\n${summarize(entries)}`).join('\n\n');
}

/** For the terminal: a line per caller. */
function summarize(entries: readonly Entry[]): string {
  const lines = countByCaller(entries).map(
    ([caller, { calls, allowed, refused }]) =>
      `${caller.padEnd(14)} ${pad(calls)} calls ${pad(allowed)} allowed ${pad(refused)} refused`,
  );
  const ends = countByVerdict(entries).map(([verdict, number]) => `${number} ${verdict}`);
  return [...lines, `ended in: ${ends.join(', ')}`].join('\n');
}

const pad = (number: number) => String(number).padStart(6);

function describeCallers(entries: readonly Entry[]): string {
  const rows = countByCaller(entries).map(([caller, { calls, allowed, refused }]) => [
    caller,
    calls,
    allowed,
    refused,
  ]);
  return toTable(['Caller', 'Calls', 'Allowed', 'Refused'], rows);
}

function describeVerdicts(entries: readonly Entry[]): string {
  return toTable(['Ended in', 'Calls'], countByVerdict(entries));
}

/** A row per field: who got through of those who tried. */
function describeFields(entries: readonly Entry[]): string {
  const byField = Map.groupBy(entries, ({ key }) => key);
  const rows = [...byField].map(([key, own]) => {
    const { calls, refused } = count(own);
    const passed = callers.map((caller) => {
      const tried = count(own.filter((entry) => entry.caller === caller));
      return tried.calls === 0 ? '' : `${tried.allowed}/${tried.calls}`;
    });
    return [key, own[0]?.room ?? '', calls, refused, ...passed];
  });
  return toTable(['Field', 'Room', 'Calls', 'Refused', ...callers], rows);
}

function toTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const toLine = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [toLine(head), toLine(head.map(() => '---')), ...rows.map(toLine)].join('\n');
}
