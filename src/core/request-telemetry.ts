/**
 * What becomes known of a request while it is answered. For its line of log and its trace: no decision is
 * ever made by it.
 */
export type RequestTelemetry = {
  /** Null until the document is known to be good; `label` is one of few, the name is the caller's own. */
  operation: { type: string; name: string | null; label: string } | null;
  /** Of its credential, else the first that it was let into; never one that was merely asked for. */
  tenantId: string | null;
  /** By which traces name the request; null where it is not traced. */
  traceId: string | null;
  /** How long it waited for its turn, before all that is timed otherwise. */
  waitedMs: number;
  /** Codes of what was refused or failed, each once. */
  codes: string[];
};

/** Of a request of which nothing is known yet. */
export function createRequestTelemetry(): RequestTelemetry {
  return { operation: null, tenantId: null, traceId: null, waitedMs: 0, codes: [] };
}

/** Notes that something was refused or failed with this code. */
export function recordErrorCode({ codes }: RequestTelemetry, code: string): void {
  if (!codes.includes(code)) codes.push(code);
}

/** A request by its id, and what is known of it. */
export type ObservedRequest = { id: string; telemetry: RequestTelemetry };

/** By which a line of log, the answer and the trace of one request find each other. */
export function listLogIds({ id, telemetry }: ObservedRequest) {
  const { tenantId, traceId } = telemetry;
  return {
    requestId: id,
    ...(tenantId === null ? {} : { tenantId }),
    ...(traceId === null ? {} : { traceId }),
  };
}
