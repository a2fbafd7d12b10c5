import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaultReport } from '../support/faults/fault.ts';
import { runFault, runFaultOn } from '../support/faults/run-fault.ts';
import { openStage, type Stage } from '../support/faults/stage.ts';
import { faults } from './suite.ts';

// The quick form of `npm run faults`: each fault really happens to a server under load, for a second or
// two. What must hold without a clock is judged here; how long things take is judged there.

/** Those that leave a stage as they found it, on one stage one after the other. */
const together = [
  ...['connection-terminated', 'backend-killed', 'fast-restart', 'immediate-restart'],
  ...['cluster-killed', 'cut-before-commit', 'cut-after-commit', 'api-frozen', 'api-killed'],
];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const kept = { lost: 0, doubled: 0, halfWritten: 0, foreign: 0, breaches: [] };

test.each(together)(
  '%s: nothing acknowledged is lost, nothing is done twice',
  async (name) => {
    expect(await runFaultOn(stage, getFault(name), { isQuick: true })).toMatchObject(kept);
  },
  60_000,
);

test('a rolling restart of two servers fails no request', async () => {
  const report: FaultReport = await runFault(getFault('rolling-restart'), { isQuick: true });
  expect(report).toMatchObject({ ...kept, errors: {} });
}, 60_000);

test('nor does one of servers that have two workers each', async () => {
  const fault = getFault('rolling-restart');
  const needs = { ...fault.needs, environment: { WEB_CONCURRENCY: '2' } };
  const report: FaultReport = await runFault({ ...fault, needs }, { isQuick: true });
  expect(report).toMatchObject({ ...kept, errors: {} });
}, 120_000);

function getFault(name: string) {
  const fault = faults[name];
  if (!fault) throw new Error(`There is no fault ${name}.`);
  return fault;
}
