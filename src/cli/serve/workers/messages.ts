import type { Config } from '../../../config.ts';
import type { DemoAccount } from '../../../http/dev/example-queries.ts';
import type { CollectedMetrics } from '../../../observability/metrics.ts';

/** Everything that a worker needs. Sent as a message, because others cannot read those. */
export type StartOrder = {
  kind: 'start';
  /** Counted from 1; a replacement has the same number. */
  worker: number;
  config: Config;
  /** The serving login's URL, and its URL for invalidations. */
  appUrl: string;
  listenUrl: string;
  secret: string;
  demoAccount: DemoAccount | null;
};

/** Messages to a worker: serve, report metrics, shut down. */
export type Order = StartOrder | { kind: 'count' } | { kind: 'stop' };

/** Messages from a worker to the primary. */
export type News =
  | { kind: 'ready'; url: string }
  | { kind: 'failed'; fault: PackedError }
  | { kind: 'figures'; figures: CollectedMetrics };

/** A serialised error; its name is kept, because messages for users depend on it. */
export type PackedError = Record<string, unknown> & { name: string; message: string };

/** A worker ended before it served, without saying why. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}

/** Serialises an error for another process. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return { name, message, stack, ...(code ? { code } : {}), ...(syscall ? { syscall } : {}) };
}

/** Restores a serialised error. */
export function unpackError(fault: PackedError): Error {
  return Object.assign(new Error(fault.message), fault);
}
