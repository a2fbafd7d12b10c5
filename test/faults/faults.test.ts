import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaultReport } from '../support/faults/fault.ts';
import { runFault, runFaultOn } from '../support/faults/run-fault.ts';
import { openStage, type Stage } from '../support/faults/stage.ts';
import { faults } from './suite.ts';

// A short run of `npm run faults`: each fault is injected for a second or two into a server under load. Durations
// are checked by `npm run faults` only.

/** Faults that leave the stage unchanged, and so can share one. */
const sharing = [
  ...['connection-terminated', 'backend-killed', 'fast-restart', 'immediate-restart'],
  ...['cluster-killed', 'cut-before-commit', 'cut-after-commit', 'api-frozen', 'api-killed'],
];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const intact = { lost: 0, doubled: 0, halfWritten: 0, foreign: 0, breaches: [] };

test.each(sharing)('%s: no acknowledged write is lost and none is executed twice', async (name) => {
  expect(await runFaultOn(stage, getFault(name), { isQuick: true })).toMatchObject(intact);
});

/** Long time-outs, so that a slow machine fails no request. */
const longTimeouts = {
  ...{ DATABASE_ACQUIRE_TIMEOUT_MS: '30000', DATABASE_STATEMENT_TIMEOUT_MS: '30000' },
  ...{ DATABASE_QUERY_TIMEOUT_MS: '40000', REQUEST_TIMEOUT_MS: '60000' },
};

test.each([1, 2])(
  'a rolling restart of two servers with %i workers each fails no request',
  async (workers) => {
    const fault = getFault('rolling-restart');
    const environment = { ...longTimeouts, WEB_CONCURRENCY: String(workers) };
    const needs = { ...fault.needs, environment };
    const report: FaultReport = await runFault({ ...fault, needs }, { isQuick: true });
    expect(report).toMatchObject({ ...intact, errors: {} });
  },
);

function getFault(name: string) {
  const fault = faults[name];
  if (!fault) throw new Error(`unknown fault ${name}`);
  return fault;
}
