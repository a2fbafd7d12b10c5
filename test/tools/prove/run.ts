import '../../support/in-run-folder.ts';
import { parseArgs } from 'node:util';
import { print } from '../benchmarks/stage.ts';
import { openArena } from './arena.ts';
import { judge } from './judge.ts';
import { prove } from './prove.ts';
import { type Proof, writeReport } from './report.ts';

// `npm run db:prove` fills databases for 100,000 and 1,000,000 users and writes docs/indexes.md and
// reports/plans.md; `npm run db:prove -- --users 20000` looks at sizes of one's own and writes nothing.

const usualSizes = ['100000', '1000000'];

const { values } = parseArgs({ options: { users: { type: 'string', multiple: true } } });
const sizes = (values.users ?? usualSizes).map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1_000)) {
  print('--users takes whole numbers of at least 1000.');
  process.exit(2);
}
const proof: Proof[number][] = [];
const arena = await openArena();
try {
  for (const users of sizes.toSorted((a, b) => a - b)) {
    print(`${users} users …`);
    const findings = await prove(arena, { users, isTimed: true });
    const breaches = judge(findings, proof.at(-1)?.findings ?? null);
    proof.push({ findings, breaches });
    print(`  filled in ${Math.round(findings.seconds)} s; ${findings.ledger.size} statements`);
    for (const { name, p50Ms, p95Ms, firstP95Ms, allP95Ms } of findings.hot) {
      const figures = [p50Ms, p95Ms, firstP95Ms, allP95Ms].map((ms) => ms.toFixed(2));
      print(`  p50, p95, p95 the first time, p95 of all: ${figures.join(', ')} ms  ${name}`);
    }
    for (const breach of breaches) print(`  BREACH  ${breach}`);
  }
} finally {
  await arena.clear();
}
if (values.users === undefined) await writeReport(proof);
process.exit(proof.some(({ breaches }) => breaches.length > 0) ? 1 : 0);
