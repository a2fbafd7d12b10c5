import { GraphQLError } from 'graphql';
import { UnavailableError } from '../../core/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { createErrorResponse, type HttpResponse } from '../response.ts';
import type { LoadShedder } from './load-shedder.ts';

type HandleExchange = (exchange: Exchange) => Promise<HttpResponse>;

/** The response to shed requests; created once, because shedding must cost almost nothing. */
export const busyResponse: HttpResponse = createBusyResponse();

/**
 * Handles the requests that `loadShedder` admits; the rest get 503 without any work. A slot is held from the
 * end of the request body, so a slow sender holds none, until the response is made or its stream begins.
 */
export function shedLoad(loadShedder: LoadShedder, handle: HandleExchange): HandleExchange {
  return async (exchange) => {
    await receiveBody(exchange);
    const arrivedAt = performance.now();
    const release = await loadShedder.enter(exchange.getDisconnect);
    if (release === null) return busyResponse;
    exchange.beganAt = performance.now();
    exchange.request.telemetry.waitedMs = Math.round(exchange.beganAt - arrivedAt);
    try {
      return await handle(exchange);
    } finally {
      release();
    }
  };
}

/** Errors of the body are reported where it is read. */
async function receiveBody({ req, readBody }: Exchange): Promise<void> {
  if (req.method === 'POST') await readBody().catch(() => undefined);
}

function createBusyResponse(): HttpResponse {
  const { code, message, retryAfterSeconds } = new UnavailableError();
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return createErrorResponse(
    new GraphQLError(message, {
      extensions: { code, retryAfterSeconds, http: { status: 503, headers } },
    }),
  );
}
