import '../../support/in-run-folder.ts';
import { parseArgs } from 'node:util';
import { print } from '../benchmarks/stage.ts';
import { startProofCluster } from './cluster.ts';
import { prove } from './prove.ts';
import { type Proof, writeReport } from './report.ts';
import { listViolations } from './violations.ts';

// `npm run db:prove` measures with 100,000 and 1,000,000 users and writes docs/indexes.md and reports/plans.md.
// `npm run db:prove -- --users 20000` measures other sizes and writes nothing.

const usualSizes = ['100000', '1000000'];

const { values } = parseArgs({ options: { users: { type: 'string', multiple: true } } });
const sizes = (values.users ?? usualSizes).map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1_000)) {
  print('--users must be a whole number of at least 1000.');
  process.exit(2);
}
const proof: Proof[number][] = [];
const cluster = await startProofCluster();
try {
  for (const users of sizes.toSorted((a, b) => a - b)) {
    print(`${users} users …`);
    const findings = await prove(cluster, { users, isTimed: true });
    const violations = listViolations(findings, proof.at(-1)?.findings ?? null);
    proof.push({ findings, violations });
    print(`  filled in ${Math.round(findings.seconds)} s; ${findings.statements.size} statements`);
    for (const { name, p50Ms, p95Ms, firstP95Ms, allP95Ms } of findings.hot) {
      const figures = [p50Ms, p95Ms, firstP95Ms, allP95Ms].map((ms) => ms.toFixed(2));
      print(`  p50, p95, first run p95, all runs p95: ${figures.join(', ')} ms  ${name}`);
    }
    for (const violation of violations) print(`  VIOLATION   ${violation}`);
  }
} finally {
  await cluster.clear();
}
if (values.users === undefined) await writeReport(proof);
process.exit(proof.some(({ violations }) => violations.length > 0) ? 1 : 0);
