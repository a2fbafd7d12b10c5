import type { Config } from '../config.ts';
import type { Logger } from './logger.ts';
import type { TracedWork } from './traced-work.ts';

/** Attributes of an operation in a trace. */
export type OperationFacts = {
  requestId: string;
  /** Null if it was rejected before execution. */
  operation: { type: string; name: string | null; label: string } | null;
  /** Only a tenant that the caller was given access to. */
  tenantId: string | null;
  /** The codes of errors, in order. */
  codes: readonly string[];
  /** Time in the queue before the span began. */
  waitedMs: number;
};

/** An operation in progress. */
export type TracedOperation = TracedWork & {
  /** The id of the trace, for logs. */
  traceId: string;
  /** Ends the span; later statements are not part of it. */
  end(facts: OperationFacts): void;
};

export type Tracing = {
  /** `traceparent` is the raw header of the request. Null if not sampled. */
  beginOperation(traceparent: string | undefined): TracedOperation | null;
  /** Exports the remaining spans, within `closeGraceMs`; throws nothing. */
  close(): Promise<void>;
};

export type TracingOptions = {
  traces: NonNullable<Config['traces']>;
  log: Logger;
  /** The maximum duration of `close`. */
  closeGraceMs: number;
};
