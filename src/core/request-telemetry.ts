/** Facts about a request for its log line and trace; no decision depends on them. */
export type RequestTelemetry = {
  /** Null until the document is validated. `label` has low cardinality; the client chooses `name`. */
  operation: { type: string; name: string | null; label: string } | null;
  /** The tenant of the credential, else the first that the caller was given access to; never one merely requested. */
  tenantId: string | null;
  /** The id of the trace; null if not traced. */
  traceId: string | null;
  /** Time in the queue, before work began. */
  waitedMs: number;
  /** The codes of errors, each once. */
  codes: string[];
};

/** The telemetry of a new request. */
export function createRequestTelemetry(): RequestTelemetry {
  return { operation: null, tenantId: null, traceId: null, waitedMs: 0, codes: [] };
}

/** Records the code of an error. */
export function recordErrorCode({ codes }: RequestTelemetry, code: string): void {
  if (!codes.includes(code)) codes.push(code);
}

/** A request's id and telemetry. */
export type ObservedRequest = { id: string; telemetry: RequestTelemetry };

/** The ids that connect the log lines, response and trace of a request. */
export function listLogIds({ id, telemetry }: ObservedRequest) {
  const { tenantId, traceId } = telemetry;
  return {
    requestId: id,
    ...(tenantId === null ? {} : { tenantId }),
    ...(traceId === null ? {} : { traceId }),
  };
}
