import {
  type Aggregator,
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';

/** The metrics of a process as plain data, to send to another. */
export type CollectedMetrics = readonly MetricObjectWithValues<MetricValue<string>>[];

/** Metrics in Prometheus’ text format, and its content type. */
export type PrintedMetrics = { contentType: string; text: string };

/** The metrics of a process. */
export type Metrics = {
  /** Records an executed operation, failed or not. `operation` must have low cardinality. */
  observeOperation: (operation: string, seconds: number) => void;
  /** Counts errors of requests or mutations, by code. */
  countError: (code: string, count?: number) => void;
  /** Counts attempts to send a mail. `outcome` must have low cardinality. */
  countMail: (outcome: string) => void;
  /**
   * Registers a gauge that is read at each scrape. Over several processes the sum is reported, or the maximum.
   */
  watch: (name: string, help: string, read: () => number, together?: 'sum' | 'max') => void;
  /** Registers a counter that is read at each scrape. */
  watchTotal: (name: string, help: string, read: () => number) => void;
  /** Prints all metrics in Prometheus’ text format. */
  print: () => Promise<PrintedMetrics>;
  /** Returns all metrics, for `printAggregated`. */
  collect: () => Promise<CollectedMetrics>;
};

/** From a session check to the deadline of an operation. */
const secondsBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/**
 * Creates the metrics of one server, in its own registry, so that a process can have several servers. Those of the
 * process (memory, CPU, event loop, garbage collection) have prom-client's default names.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const operations = new Histogram({
    name: 'tenantry_operation_seconds',
    help: 'Duration of operations, by type and root field.',
    labelNames: ['operation'],
    buckets: secondsBuckets,
    registers,
  });
  const errors = new Counter({
    name: 'tenantry_errors_total',
    help: 'Errors by code, including errors that are part of a result.',
    labelNames: ['code'],
    registers,
  });
  const mails = new Counter({
    name: 'tenantry_mails_total',
    help: 'Attempts to send a mail, by outcome: sent, postponed, given_up.',
    labelNames: ['outcome'],
    registers,
  });
  // Prometheus sees no increase from a missing series to 1, so the series of alerts start at 0.
  for (const code of ['INTERNAL', 'UNAVAILABLE', 'RATE_LIMITED']) errors.inc({ code }, 0);
  for (const outcome of ['sent', 'postponed', 'given_up']) mails.inc({ outcome }, 0);
  return {
    observeOperation: (operation, seconds) => operations.observe({ operation }, seconds),
    countError: (code, count = 1) => errors.inc({ code }, count),
    countMail: (outcome) => mails.inc({ outcome }),
    watch(name, help, read, aggregator = 'sum') {
      new Gauge({
        name,
        help,
        registers,
        aggregator,
        collect() {
          this.set(read());
        },
      });
    },
    watchTotal(name, help, read) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
    print: () => print(registry),
    collect: () => registry.getMetricsAsJSON(),
  };
}

/** Prints the metrics of several processes as those of one server. */
export function printAggregated(metrics: readonly CollectedMetrics[]): Promise<PrintedMetrics> {
  return print(aggregate(metrics));
}

/** Sums the counters and histograms of several processes, to keep those of ended ones. */
export async function sumTotals(metrics: readonly CollectedMetrics[]): Promise<CollectedMetrics> {
  const sums = await aggregate(metrics).getMetricsAsJSON();
  return sums.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}

/** A single gauge. */
export function collectGauge(name: string, help: string, value: number): Promise<CollectedMetrics> {
  const registry = new Registry();
  new Gauge({ name, help, registers: [registry] }).set(value);
  return registry.getMetricsAsJSON();
}

function aggregate(metrics: readonly CollectedMetrics[]): Registry {
  return AggregatorRegistry.aggregate(metrics.map((process) => process.map(preferMax)));
}

/** The average of event loop lags would hide a blocked one. */
function preferMax<M extends { aggregator: Aggregator }>(metric: M): M {
  return metric.aggregator === 'average' ? { ...metric, aggregator: 'max' } : metric;
}

async function print(registry: Registry): Promise<PrintedMetrics> {
  return { contentType: registry.contentType, text: await registry.metrics() };
}
