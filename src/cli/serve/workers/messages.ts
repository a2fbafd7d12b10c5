import type { Config } from '../../../config.ts';
import type { DemoAccount } from '../../../http/dev/example-queries.ts';
import type { CollectedMetrics } from '../../../observability/metrics.ts';

/** Everything that a worker works with. It travels by message: nobody else can read those. */
export type StartOrder = {
  kind: 'start';
  /** Counted from 1; a worker that replaces another has the same. */
  worker: number;
  config: Config;
  /** The serving login's URL, and the one over which it hears of changes. */
  appUrl: string;
  listenUrl: string;
  secret: string;
  demoAccount: DemoAccount | null;
};

/** Messages to a worker: serve, report metrics, shut down. */
export type Order = StartOrder | { kind: 'count' } | { kind: 'stop' };

/** Messages of a worker to the primary. */
export type News =
  | { kind: 'ready'; url: string }
  | { kind: 'failed'; fault: WorkerFault }
  | { kind: 'figures'; figures: CollectedMetrics };

/** An error as a message can carry it: by its name it is explained, as in the worker itself. */
export type WorkerFault = Record<string, unknown> & { name: string; message: string };

/** A worker ended before it served, without saying why. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}

/** An error as it is sent to another process. */
export function packFault(error: unknown): WorkerFault {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return { name, message, stack, ...(code ? { code } : {}), ...(syscall ? { syscall } : {}) };
}

/** The error again. */
export function unpackFault(fault: WorkerFault): Error {
  return Object.assign(new Error(fault.message), fault);
}
