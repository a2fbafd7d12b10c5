import '../support/in-run-folder.ts';
import type { FaultReport } from '../support/faults/fault.ts';
import { writeReport } from '../support/faults/report.ts';
import { runFault } from '../support/faults/run-fault.ts';
import { print } from '../tools/benchmarks/stage.ts';
import { faults } from './suite.ts';

// `npm run faults` runs all faults and writes the table of docs/reliability.md. With names it runs only those and
// writes nothing.

const page = new URL('../../docs/reliability.md', import.meta.url);

const requested = process.argv.slice(2);
const unknown = requested.filter((name) => !(name in faults));
if (unknown.length > 0) {
  print(`Unknown fault: ${unknown.join(', ')}. Known faults: ${Object.keys(faults).join(' ')}`);
  process.exit(2);
}
const reports: FaultReport[] = [];
const skipped: { name: string; obstacle: string }[] = [];
for (const [key, fault] of Object.entries(faults)) {
  if (requested.length > 0 && !requested.includes(key)) continue;
  const obstacle = (await fault.findObstacle?.()) ?? null;
  if (obstacle !== null) {
    print(`SKIPPED  ${key}: ${obstacle}`);
    skipped.push({ name: fault.name, obstacle });
    continue;
  }
  const report = await runFault(fault, { isQuick: false });
  reports.push(report);
  print(`${report.breaches.length === 0 ? 'passed  ' : 'FAILED  '} ${key}`);
  for (const breach of report.breaches) print(`         ${breach}`);
  if (requested.length > 0) print(JSON.stringify(report, null, 2));
}
if (requested.length === 0) await writeReport(page, reports, skipped);
process.exit(reports.some(({ breaches }) => breaches.length > 0) ? 1 : 0);
