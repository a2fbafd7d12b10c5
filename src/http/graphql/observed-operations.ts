import { GraphQLError } from 'graphql';
import { listLogIds, type ObservedRequest, recordErrorCode } from '../../core/request-telemetry.ts';
import type { Logger } from '../../observability/logger.ts';
import { runFor } from '../../observability/traced-work.ts';
import type { TracedOperation, Tracing } from '../../observability/tracing.ts';
import type { Exchange } from '../exchange.ts';
import type { HttpResponse } from '../response.ts';

type HandleGraphQL = (exchange: Exchange) => Promise<HttpResponse>;

/** Whether operations are traced or logged at all; if not, observing costs nothing. */
export function isObserved({ log, tracing }: { log: Logger; tracing: Tracing | null }): boolean {
  return tracing !== null || log.isLevelEnabled('debug');
}

/**
 * Traces operations and logs each at level debug, with its duration, error codes and ids. A subscription ends
 * here when its stream begins.
 */
export function observeOperations(
  handle: HandleGraphQL,
  observers: { log: Logger; tracing: Tracing | null },
): HandleGraphQL {
  if (!isObserved(observers)) return handle;
  const { log, tracing } = observers;
  return async (exchange) => {
    const { request, req } = exchange;
    const began = performance.now();
    const operation = tracing?.beginOperation(req.headers.traceparent?.toString()) ?? null;
    request.telemetry.traceId = operation?.traceId ?? null;
    try {
      return await runFor([operation], () => handle(exchange));
    } catch (thrown) {
      recordErrorCode(request.telemetry, findCode(thrown));
      throw thrown;
    } finally {
      finish({ log, operation }, request, performance.now() - began);
    }
  };
}

function finish(
  { log, operation }: { log: Logger; operation: TracedOperation | null },
  { id, telemetry }: ObservedRequest,
  milliseconds: number,
): void {
  const { tenantId, codes, waitedMs } = telemetry;
  operation?.end({ requestId: id, operation: telemetry.operation, tenantId, codes, waitedMs });
  const isPage = telemetry.operation === null && codes.length === 0;
  if (isPage || !log.isLevelEnabled('debug')) return;
  const errors = codes.length === 0 ? {} : { codes };
  const waited = waitedMs === 0 ? {} : { waitedMs };
  log.debug(
    { ...listLogIds({ id, telemetry }), ...errors, ...waited, ms: milliseconds },
    telemetry.operation?.label ?? 'rejected',
  );
}

function findCode(thrown: unknown): string {
  const code = thrown instanceof GraphQLError ? thrown.extensions.code : undefined;
  return typeof code === 'string' ? code : 'INTERNAL';
}
