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
# What it costs

Written by \`npm run bench\`; no figure is typed by hand. Measured on ${describeMachine()}.

The load, the servers and PostgreSQL share the machine, so figures are worth nothing elsewhere; the ratios are
the point. All operations of a table ran in turn, ${usual.repetitions} times back and forth, with ${connections} connections that each ask
one thing at a time, for ${peopleCount} people in turn. Figures are medians, and ratios medians of the ratios within a
round. Each answer is looked at: one that is not what was asked for ends the run.

*Raw* is what people would write instead: a bare \`node:http\` server that answers with one named statement
through pg, the session with its user; nothing is authorised, limited, logged or bound by row security.
*PostGraphile* (test/tools/benchmarks/peers) answers the nearest query on the same tables, without authorisation.
Both have pools of the size of ours. On our side everything is as shipped, except that the two limits that
count by caller are out of reach, as all callers are one here. *Cache off* is the same server with
\`CREDENTIAL_CACHE_MS=0\`. Checks in flight are always sent to the database together, and nothing switches that
off; how much it does is told by the statements per request, of which a check that went alone would take one.

CPU is that of the server and of those connections in the database that were there before and after; pools are
full by then. The load's own is told apart. The crowd comes to a process that was started for it, and memory is the
most that was seen of that. Each person
waits ${pauseSeconds} s on average between an answer and the next question, as people do who read; what a server
does with more than it can do is the subject of \`npm run bench -- overload\`. Where sign-ins arrive at twice the
hashing rate, ${checksPerSecond} session checks a second arrive by the clock. The load's own delay on a full machine counts as
the server's; how much of it is the machine's alone is told by *raw*, asked just so while ours gets the sign-ins.
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
    Number.isNaN(cpu) ? 'not told here' : `${cpu.toFixed(3)} ms`,
    `${median(({ clientCpuMsPerRequest }) => clientCpuMsPerRequest).toFixed(3)} ms`,
    median(({ statementsPerRequest }) => statementsPerRequest).toFixed(2),
  ];
}

function formatVerdicts(verdicts: readonly Verdict[]): string[] {
  return [
    formatRow(['Promise', 'Bar', 'Measured', 'Held?']),
    formatRow(['---', '---', '---:', '---']),
    ...verdicts.map(({ promise, bar, measured, isHeld }) =>
      formatRow([
        promise,
        bar ?? '',
        measured.toFixed(3),
        bar === null ? 'shown' : isHeld ? 'yes' : '**no**',
      ]),
    ),
  ];
}

const formatRow = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
