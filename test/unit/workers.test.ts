import { expect, test } from 'vitest';
import { createMetricsAggregator } from '../../src/cli/serve/workers/metrics-aggregator.ts';
import { splitLimits } from '../../src/cli/serve/workers/split-limits.ts';
import { loadConfig } from '../../src/config.ts';
import { createMetrics } from '../../src/observability/metrics.ts';

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

test('the limits of all workers add up to those of one process', () => {
  const config = loadConfig({
    WEB_CONCURRENCY: '3',
    DATABASE_POOL_SIZE: '10',
    PASSWORD_HASH_CONCURRENCY: '4',
  });
  const shares = splitLimits(config);
  expect(shares.map(({ database }) => database.poolSize)).toEqual([4, 3, 3]);
  expect(shares.map(({ passwords }) => passwords.concurrency)).toEqual([2, 1, 1]);
  expect(sum(shares.map(({ server }) => server.inFlightMax))).toBe(config.server.inFlightMax);
  expect(sum(shares.map(({ server }) => server.inFlightQueueMax))).toBe(1_024);
  expect(sum(shares.map(({ passwords }) => passwords.queueMax))).toBe(config.passwords.queueMax);
  expect(sum(shares.map(({ streams }) => streams.perProcessMax))).toBe(1_000);
});

test('a limit per caller is the same in every worker', () => {
  const config = loadConfig({ WEB_CONCURRENCY: '2' });
  for (const { apiKeys, streams, signIn } of splitLimits(config)) {
    expect(apiKeys).toEqual(config.apiKeys);
    expect(streams.perOwnerMax).toBe(config.streams.perOwnerMax);
    expect(signIn).toEqual(config.signIn);
  }
});

test('every worker has at least one slot of a limit, and none of a limit of zero', () => {
  const one = { IN_FLIGHT_MAX: '1', PASSWORD_HASH_CONCURRENCY: '1', PASSWORD_HASH_QUEUE_MAX: '0' };
  for (const share of splitLimits(loadConfig({ WEB_CONCURRENCY: '4', ...one }))) {
    expect(share.server.inFlightMax).toBe(1);
    expect(share.passwords).toMatchObject({ concurrency: 1, queueMax: 0 });
  }
});

test('metrics are summed, lags are the maximum, and a worker that hangs delays no one', async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  one.watch('tenantry_streams', 'Open.', () => 2);
  two.watch('tenantry_streams', 'Open.', () => 3);
  one.watch('tenantry_mails_oldest_seconds', 'Oldest.', () => 20, 'max');
  two.watch('tenantry_mails_oldest_seconds', 'Oldest.', () => 30, 'max');
  const aggregator = createMetricsAggregator();
  const { text } = await aggregator.print([
    { count: one.collect },
    { count: two.collect },
    { count: async () => null },
  ]);
  expect(text).toMatch(/^tenantry_workers 2$/m);
  expect(text).toMatch(/^tenantry_streams 5$/m);
  expect(text).toMatch(/^tenantry_mails_oldest_seconds 30$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
});

test('counters of a worker are kept after its end and its gauges are dropped', async () => {
  const [gone, other] = [createMetrics(), createMetrics()];
  gone.watch('tenantry_streams', 'Open.', () => 2);
  other.watch('tenantry_streams', 'Open.', () => 3);
  for (const { countError } of [gone, other]) countError('NOT_FOUND', 5);
  gone.observeOperation('query viewer', 0.01);
  const aggregator = createMetricsAggregator();
  await aggregator.print([{ count: gone.collect }, { count: other.collect }]);
  aggregator.close(1);
  aggregator.close(1);
  const { text } = await aggregator.print([{ count: async () => null }, { count: other.collect }]);
  expect(text).toMatch(/^tenantry_errors_total\{code="NOT_FOUND"\} 10$/m);
  expect(text).toMatch(/^tenantry_operation_seconds_count\{operation="query viewer"\} 1$/m);
  expect(text).toMatch(
    /^tenantry_operation_seconds_bucket\{le="0\.01",operation="query viewer"\} 1$/m,
  );
  expect(text).toMatch(/^tenantry_streams 3$/m);
});
