import { readFile, writeFile } from 'node:fs/promises';
import { describeMachine } from '../../tools/benchmarks/stage.ts';
import type { FaultReport } from './fault.ts';

const begin = '<!-- faults: written by `npm run faults` -->';
const end = '<!-- faults end -->';

/** A fault that did not run, and the reason. */
export type Skipped = { name: string; obstacle: string };

/** Replaces the table between two marks in a page. */
export async function writeReport(
  file: URL,
  reports: readonly FaultReport[],
  skipped: readonly Skipped[],
): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  if (tail === undefined) throw new Error(`${file.pathname} lacks the marks of the table`);
  const table = formatReport(reports, skipped);
  await writeFile(file, `${head}${begin}\n\n${table}\n${end}${tail}`);
}

/** The measurements as Markdown, with the machine. */
export function formatReport(reports: readonly FaultReport[], skipped: readonly Skipped[]): string {
  return [
    `Measured on ${describeMachine()}, PostgreSQL, servers and clients together.`,
    '',
    formatRow(Object.keys(formatCells(undefined))),
    formatRow(Object.keys(formatCells(undefined)).map(() => '---')),
    ...reports.map((report) => formatRow(Object.values(formatCells(report)))),
    '',
    ...reports.map(
      ({ name, words, remark }) => `- **${name}**: ${words}.${remark && ` Seen: ${remark}.`}`,
    ),
    ...skipped.map(({ name, obstacle }) => `- **${name}**: not run: ${obstacle}.`),
    '',
  ].join('\n');
}

/** One row, by the titles of its columns. */
function formatCells(report: FaultReport | undefined): Record<string, string> {
  const errors = Object.entries(report?.errors ?? {}).map(([code, count]) => `${code} ${count}`);
  const round = (value: number | null | undefined) => String(Math.round(value ?? 0));
  const pair = (values: readonly number[] | undefined) => (values ?? []).join(' → ');
  return {
    Fault: report?.name ?? '',
    'Passed?': report?.breaches.length === 0 ? 'yes' : `NO: ${report?.breaches.join('; ')}`,
    Requests: round(report?.requests),
    Failed: errors.join(', ') || 'none',
    'Error window, ms': round(report?.errorWindowMs),
    'Longest gap, ms': round(report?.longestGapMs),
    'Errors p99, ms': round(report?.rejectionP99Ms),
    'Recovery, ms': report?.fullRateMs === null ? 'never' : round(report?.fullRateMs),
    'Writes acknowledged': round(report?.acknowledged),
    'Acknowledged but lost': round(report?.lost),
    'Stored but unacknowledged': round(report?.unacknowledged),
    'Executed twice': round(report?.doubled),
    'Partially written': round(report?.halfWritten),
    'Data of other tenants': round(report?.foreign),
    'Memory, MB': pair(report?.rssMb),
    'Open files': pair(report?.sockets),
  };
}

function formatRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
