import { writeFile } from 'node:fs/promises';
import { describeMachine, getMedian } from '../stage.ts';
import type { Verdict } from './bars.ts';
import { pauseSeconds } from './crowd.ts';
import { checksPerSecond } from './flood.ts';
import type { Measured } from './measure.ts';
import { connections, usual } from './pace.ts';
import type { Run } from './size.ts';
import { peopleCount } from './world.ts';

const page = new URL('../../../../docs/performance.md', import.meta.url);

/** Writes docs/performance.md. */
export async function writeReport(runs: readonly Run[], growth: readonly Verdict[]): Promise<void> {
  await writeFile(
    page,
    [
      ...introduce(),
      ...runs.flatMap(formatRun),
      ...(growth.length === 0 ? [] : ['## As the data grows', '', ...formatVerdicts(growth), '']),
    ].join('\n'),
  );
}

function introduce(): string[] {
  return `
# Performance

Written by \`npm run bench\`; no figure is typed by hand. Measured on ${describeMachine()}.

The load generator, the servers and PostgreSQL share one machine, so compare the ratios rather than the absolute
figures. The operations ran in turn, ${usual.repetitions} times in alternating order, with ${connections} connections that each send one request at
a time, for ${peopleCount} users in turn. Figures are medians, and ratios are medians of the ratios within a round. Every
response is checked, and an unexpected one ends the run.

- *raw* is a bare \`node:http\` server that runs one named statement through pg, the session with its user, without
  authorization, limits, logging or row security.
- *PostGraphile* (test/tools/benchmarks/peers) runs the closest query on the same tables, without authorization.
- *cache off* is our server with \`CREDENTIAL_CACHE_MS=0\`.
- All servers have pools of the same size. Ours runs as shipped, except that the two limits per caller are raised,
  since all requests come from one caller.
- *Statements/request* shows how credential checks in flight are batched into one statement, which cannot be switched
  off: an unbatched check would take 1.00.
- *CPU/request* is that of the server and of the database connections that exist before and after the measurement.
  *CPU of the load* is that of the load generator.
- *Sign-in flood*: ${checksPerSecond} session checks a second arrive at fixed times, while sign-ins arrive at twice the rate at which
  passwords can be hashed. Delays of the load generator count as latency. The same measurement of *raw* shows how
  much of the latency is due to the busy machine.
- *1,000 concurrent users* pause for ${pauseSeconds} s on average between a response and the next request. They use a freshly
  started process; its maximum memory is reported.

\`npm run bench -- overload\` measures a server beyond its capacity.
`
    .trim()
    .split('\n')
    .concat('');
}

function formatRun({ users, series, hashesPerSecond, verdicts, gaps }: Run): string[] {
  const titles = [
    'Operation',
    'Requests/s',
    'p50',
    'p95',
    'p99',
    'CPU/request',
    'CPU of the load',
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
    `Bare argon2id: ${hashesPerSecond.toFixed(0)} hashes/s.`,
    '',
    ...formatVerdicts(verdicts),
    '',
    ...(gaps.length === 0 ? [] : ['Not measured:', '', ...gaps.map((gap) => `- ${gap}`), '']),
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
    Number.isNaN(cpu) ? 'not available' : `${cpu.toFixed(3)} ms`,
    `${median(({ clientCpuMsPerRequest }) => clientCpuMsPerRequest).toFixed(3)} ms`,
    median(({ statementsPerRequest }) => statementsPerRequest).toFixed(2),
  ];
}

function formatVerdicts(verdicts: readonly Verdict[]): string[] {
  return [
    formatRow(['Check', 'Target', 'Measured', 'Met?']),
    formatRow(['---', '---', '---:', '---']),
    ...verdicts.map(({ target, bar, measured, isMet }) =>
      formatRow([
        target,
        bar ?? '',
        measured.toFixed(3),
        bar === null ? 'info' : isMet ? 'yes' : '**no**',
      ]),
    ),
  ];
}

const formatRow = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
