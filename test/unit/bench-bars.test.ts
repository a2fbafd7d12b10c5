import { expect, test } from 'vitest';
import { checkLatePage, checkRatios, checkSignIn } from '../tools/benchmarks/bench/bars.ts';
import type { Measured } from '../tools/benchmarks/bench/measure.ts';
import type { Operation } from '../tools/benchmarks/bench/workloads.ts';

const once = (perSecond: number, p50 = 1): Measured => ({
  perSecond,
  p50,
  p95: 1,
  p99: 1,
  cpuMsPerRequest: null,
  clientCpuMsPerRequest: 0,
  statementsPerRequest: 1,
});
const series = (all: Partial<Record<Operation, Measured[]>>) =>
  new Map(Object.entries(all) as [Operation, Measured[]][]);

test('each repetition is compared with the other of the same round', () => {
  const found = checkRatios(
    series({
      raw: [once(100), once(1_000), once(10)],
      viewer: [once(50), once(100), once(6)],
    }),
  );
  expect(found).toMatchObject([{ measured: 0.5, bar: 'at least 0.45', isMet: true }]);
});

test('an operation that was not measured has no verdict', () => {
  expect(checkRatios(series({ viewer: [once(1)] }))).toEqual([]);
  expect(checkLatePage(series({ '50 members': [once(1)] }))).toEqual([]);
});

test('a comparison without a bar is shown and never fails', () => {
  const found = checkRatios(
    series({ '50 members': [once(1)], 'PostGraphile: 50 members': [once(100)] }),
  );
  expect(found).toMatchObject([{ bar: null, measured: 0.01, isMet: true }]);
});

test('sign-ins are compared with the hashes of the same round', () => {
  const found = checkSignIn(series({ 'sign-in': [once(90), once(10), once(50)] }), [100, 20, 50]);
  expect(found).toMatchObject({ measured: 0.9, isMet: true });
});
