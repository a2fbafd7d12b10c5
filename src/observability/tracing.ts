import type { Config } from '../config.ts';
import type { Logger } from './logger.ts';
import type { TracedWork } from './traced-work.ts';

/** Attributes of an operation in a trace, besides its time and statements. */
export type OperationFacts = {
  requestId: string;
  /** Null for one that did not get as far as being executed. */
  operation: { type: string; name: string | null; label: string } | null;
  /** Where it is known, and only of a tenant that the caller was let into. */
  tenantId: string | null;
  /** Codes of what was refused or failed, in the order in which it happened. */
  codes: readonly string[];
  /** How long it waited for its turn before the span began. */
  waitedMs: number;
};

/** An operation while it is answered. */
export type TracedOperation = TracedWork & {
  /** By which logs name the trace. */
  traceId: string;
  /** Ends it; statements that are sent later are no longer part of it. */
  end(facts: OperationFacts): void;
};

export type Tracing = {
  /** `traceparent` is that header of the request, whatever it holds. Null for one that is not sampled. */
  beginOperation(traceparent: string | undefined): TracedOperation | null;
  /** Hands over what is left, for as long as a stop may take at most; throws nothing. */
  close(): Promise<void>;
};

export type TracingOptions = {
  traces: NonNullable<Config['traces']>;
  log: Logger;
  /** How long `close` may take. */
  closeGraceMs: number;
};
