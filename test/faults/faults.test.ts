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

test.each(together)('%s: nothing acknowledged is lost, nothing is done twice', async (name) => {
  expect(await runFaultOn(stage, getFault(name), { isQuick: true })).toMatchObject(kept);
});

/** A busy machine is slow in everything; what is asked here is whether a restart costs a request. */
const patience = {
  ...{ DATABASE_ACQUIRE_TIMEOUT_MS: '30000', DATABASE_STATEMENT_TIMEOUT_MS: '30000' },
  ...{ DATABASE_QUERY_TIMEOUT_MS: '40000', REQUEST_TIMEOUT_MS: '60000' },
};

test.each([1, 2])(
  'a rolling restart of two servers with %i workers each fails no request',
  async (workers) => {
    const fault = getFault('rolling-restart');
    const environment = { ...patience, WEB_CONCURRENCY: String(workers) };
    const needs = { ...fault.needs, environment };
    const report: FaultReport = await runFault({ ...fault, needs }, { isQuick: true });
    expect(report).toMatchObject({ ...kept, errors: {} });
  },
);

function getFault(name: string) {
  const fault = faults[name];
  if (!fault) throw new Error(`There is no fault ${name}.`);
  return fault;
}
