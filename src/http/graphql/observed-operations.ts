import { GraphQLError } from 'graphql';
import { listLogIds, type ObservedRequest, recordErrorCode } from '../../core/request-telemetry.ts';
import type { Logger } from '../../observability/logger.ts';
import { runFor } from '../../observability/traced-work.ts';
import type { TracedOperation, Tracing } from '../../observability/tracing.ts';
import type { Exchange } from '../exchange.ts';
import type { HttpResponse } from '../response.ts';

type HandleGraphQL = (exchange: Exchange) => Promise<HttpResponse>;

/** Whether anybody wants to know of operations; where nobody does, nothing is done for it. */
export function isObserved({ log, tracing }: { log: Logger; tracing: Tracing | null }): boolean {
  return tracing !== null || log.isLevelEnabled('debug');
}

/**
 * Traces operations, and writes a line of log for each at the level debug: what it was, how long it took,
 * what was refused, and the ids to find everything else by. A subscription is done when its stream begins.
 */
export function observeOperations(
  answer: HandleGraphQL,
  observers: { log: Logger; tracing: Tracing | null },
): HandleGraphQL {
  if (!isObserved(observers)) return answer;
  const { log, tracing } = observers;
  return async (exchange) => {
    const { request, req } = exchange;
    const began = performance.now();
    const operation = tracing?.beginOperation(req.headers.traceparent?.toString()) ?? null;
    request.telemetry.traceId = operation?.traceId ?? null;
    try {
      return await runFor([operation], () => answer(exchange));
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
  const refused = codes.length === 0 ? {} : { codes };
  const waited = waitedMs === 0 ? {} : { waitedMs };
  log.debug(
    { ...listLogIds({ id, telemetry }), ...refused, ...waited, ms: milliseconds },
    telemetry.operation?.label ?? 'refused',
  );
}

function findCode(thrown: unknown): string {
  const code = thrown instanceof GraphQLError ? thrown.extensions.code : undefined;
  return typeof code === 'string' ? code : 'INTERNAL';
}
