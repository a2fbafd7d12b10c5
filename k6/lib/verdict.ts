import { few, many } from './profiles.ts';

/** As much as is needed of what k6 hands to handleSummary(). */
export type Summary = {
  metrics: Record<
    string,
    { values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }
  >;
};

export type Verdict = 'held' | 'NOT HELD' | 'VOID';
export type VerdictRow = { what: string; bar: string; measured: string; verdict: Verdict };

/** With ten times the users at most this many times the p95. */
const crowdRatioMax = 3;

/** A row for each threshold of the run. A run that dropped iterations measured nothing: VOID. */
export function listVerdicts({ metrics }: Summary): VerdictRow[] {
  const rows = Object.entries(metrics).flatMap(([name, { values, thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([bar]) => bar !== 'p(95)>=0')
      .map(([bar, { ok }]) => ({
        what: name,
        bar,
        measured: findMeasured(bar, values),
        verdict: ok ? ('held' as const) : getMissed(name),
      })),
  );
  return [...rows, ...compareCrowds(metrics)].sort((a, b) => a.what.localeCompare(b.what));
}

/** Whether nothing was missed. */
export function isAllHeld(rows: readonly VerdictRow[]): boolean {
  return rows.length > 0 && rows.every(({ verdict }) => verdict === 'held');
}

/** The rows as a table for a terminal. */
export function formatVerdicts(rows: readonly VerdictRow[]): string {
  const cells = [
    ['what', 'bar', 'measured', 'verdict'],
    ...rows.map(({ what, bar, measured, verdict }) => [what, bar, measured, verdict]),
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function getMissed(name: string): Verdict {
  return name.startsWith('dropped_iterations') ? 'VOID' : 'NOT HELD';
}

/** The figure that a bar such as `p(95)<=3` is about. */
function findMeasured(bar: string, values: Record<string, number>): string {
  const statistic = /^[a-z]+(\(\d+\))?/.exec(bar)?.[0] ?? '';
  const value = values[statistic];
  if (value === undefined) return '–';
  if (statistic === 'count') return String(value);
  return statistic === 'rate' ? `${(value * 100).toFixed(2)} %` : `${value.toFixed(2)} ms`;
}

function compareCrowds(metrics: Summary['metrics']): VerdictRow[] {
  const p95 = (part: string) => metrics[`http_req_duration{scenario:${part}}`]?.values['p(95)'];
  const [base, crowded] = [p95(few), p95(many)];
  if (base === undefined || crowded === undefined) return [];
  const ratio = crowded / base;
  return [
    {
      what: 'p95 with 1,000 virtual users against 100',
      bar: `ratio<=${crowdRatioMax}`,
      measured: `${ratio.toFixed(2)} (${crowded.toFixed(2)} ms, ${base.toFixed(2)} ms)`,
      verdict: ratio <= crowdRatioMax ? 'held' : 'NOT HELD',
    },
  ];
}
