import '../../support/in-run-folder.ts';
import { parseArgs } from 'node:util';
import type { Verdict } from './bench/bars.ts';
import { measureGrowth } from './bench/growth.ts';
import { quick, usual } from './bench/pace.ts';
import { writeReport } from './bench/report.ts';
import { measureSize, type Run, tell } from './bench/size.ts';
import { openStage, print } from './stage.ts';

// `npm run bench`: our hot operations against a bare server with one statement per request (raw), against
// PostGraphile and against ourselves without the cache, in turn and in one run, in databases of three sizes;
// writes docs/performance.md. `--users 10000` measures sizes of one's own and writes nothing; neither
// does `--quick`, which shows that everything works.

const usualSizes = ['10000', '100000', '1000000'];

const values = readOptions();
const sizes = (values.users ?? usualSizes).map(Number).toSorted((a, b) => a - b);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1_000)) {
  print('--users takes whole numbers of at least 1000.');
  process.exit(2);
}
const pace = values.quick ? quick : usual;
const stage = await openStage();
const runs: Run[] = [];
let growth: readonly Verdict[] = [];
try {
  for (const users of sizes) {
    print(`${users} users …`);
    const ownerUrl = await stage.createDatabase(`bench_${users}`);
    runs.push(await measureSize(ownerUrl, users, pace));
  }
  growth = await measureAcross();
} finally {
  await stage.clear();
}
for (const verdict of growth) tell(verdict);
const isHeld = [...runs.flatMap(({ verdicts }) => verdicts), ...growth].every((one) => one.isHeld);
if (values.users === undefined && !values.quick) await writeReport(runs, growth);
process.exit(isHeld ? 0 : 1);

/** Says how it is called, and ends, where it was called otherwise. */
function readOptions() {
  try {
    return parseArgs({
      options: { users: { type: 'string', multiple: true }, quick: { type: 'boolean' } },
    }).values;
  } catch (error) {
    print(`${error instanceof Error ? error.message : error}`);
    print('npm run bench [-- [--users <how many>]… [--quick]]');
    process.exit(2);
  }
}

async function measureAcross(): Promise<readonly Verdict[]> {
  const [small] = runs;
  const large = runs.at(-1);
  return small && large && small !== large ? await measureGrowth(small, large, pace) : [];
}
