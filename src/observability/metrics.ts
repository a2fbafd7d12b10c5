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

/** The metrics of a process, as a value that can be sent to another. */
export type CollectedMetrics = readonly MetricObjectWithValues<MetricValue<string>>[];

/** Prometheus’ text format, and its name. */
export type PrintedMetrics = { contentType: string; text: string };

/** The metrics of a process. */
export type Metrics = {
  /** An operation has been executed, whatever came of it. `operation` must be one of few. */
  observeOperation: (operation: string, seconds: number) => void;
  /** A request or a mutation was answered with this error code, or so many were. */
  countError: (code: string, count?: number) => void;
  /** An attempt to send a mail has ended so. `outcome` must be one of few. */
  countMail: (outcome: string) => void;
  /**
   * A figure that is read whenever somebody asks. Those of several processes are added, or the greatest
   * of them is told.
   */
  watch: (name: string, help: string, read: () => number, together?: 'sum' | 'max') => void;
  /** The same for a number that only grows. */
  watchTotal: (name: string, help: string, read: () => number) => void;
  /** All of it in Prometheus’ text format. */
  print: () => Promise<PrintedMetrics>;
  /** All of it, for `printAggregated`. */
  collect: () => Promise<CollectedMetrics>;
};

/** From a cheap check to the deadline of an operation. */
const secondsBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/**
 * CollectedMetrics of one server, in a registry of its own so that several may live in one process. Those of the
 * process itself (memory, CPU, event loop, garbage collection) have the usual names.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const operations = new Histogram({
    name: 'tenantry_operation_seconds',
    help: 'How long operations took to execute, by their kind and root field.',
    labelNames: ['operation'],
    buckets: secondsBuckets,
    registers,
  });
  const errors = new Counter({
    name: 'tenantry_errors_total',
    help: 'Answers with an error, also errors that are members of a result, by code.',
    labelNames: ['code'],
    registers,
  });
  const mails = new Counter({
    name: 'tenantry_mails_total',
    help: 'Attempts to send a mail by what came of them: sent, postponed, given_up.',
    labelNames: ['outcome'],
    registers,
  });
  // Prometheus sees no increase between a missing series and its first 1, so what alerts ask for starts at 0.
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

/** The figures of several processes as those of one server. */
export function printAggregated(figures: readonly CollectedMetrics[]): Promise<PrintedMetrics> {
  return print(aggregate(figures));
}

/** A counter over several processes; it keeps the counts of those that have ended. */
export async function sumTotals(figures: readonly CollectedMetrics[]): Promise<CollectedMetrics> {
  const together = await aggregate(figures).getMetricsAsJSON();
  return together.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}

/** One figure alone, as it is now. */
export function collectGauge(name: string, help: string, value: number): Promise<CollectedMetrics> {
  const registry = new Registry();
  new Gauge({ name, help, registers: [registry] }).set(value);
  return registry.getMetricsAsJSON();
}

function aggregate(figures: readonly CollectedMetrics[]): Registry {
  return AggregatorRegistry.aggregate(figures.map((of) => of.map(showWorst)));
}

/** An average of how late event loops are would hide the one that is stuck. */
function showWorst<F extends { aggregator: Aggregator }>(figure: F): F {
  return figure.aggregator === 'average' ? { ...figure, aggregator: 'max' } : figure;
}

async function print(registry: Registry): Promise<PrintedMetrics> {
  return { contentType: registry.contentType, text: await registry.metrics() };
}
