import '../../support/in-run-folder.ts';
import { parseArgs } from 'node:util';
import type { Verdict } from './bench/bars.ts';
import { measureGrowth } from './bench/growth.ts';
import { quick, usual } from './bench/pace.ts';
import { writeReport } from './bench/report.ts';
import { measureSize, printVerdict, type Run } from './bench/size.ts';
import { openStage, print } from './stage.ts';

// `npm run bench` compares our hot operations with a bare server that runs one statement per request (raw), with
// PostGraphile and with our server without its cache, in databases of three sizes, and writes docs/performance.md.
// `--users 10000` measures other sizes, `--quick` shows that everything works; neither writes anything.

const usualSizes = ['10000', '100000', '1000000'];

const values = readOptions();
const sizes = (values.users ?? usualSizes).map(Number).toSorted((a, b) => a - b);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1_000)) {
  print('--users must be a whole number of at least 1000.');
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
for (const verdict of growth) printVerdict(verdict);
const isMet = [...runs.flatMap(({ verdicts }) => verdicts), ...growth].every((one) => one.isMet);
if (values.users === undefined && !values.quick) await writeReport(runs, growth);
process.exit(isMet ? 0 : 1);

/** Prints the usage and exits if the options are invalid. */
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
