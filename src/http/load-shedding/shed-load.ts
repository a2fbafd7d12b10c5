import { GraphQLError } from 'graphql';
import { UnavailableError } from '../../core/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { createErrorResponse, type HttpResponse } from '../response.ts';
import type { LoadShedder } from './load-shedder.ts';

type HandleExchange = (exchange: Exchange) => Promise<HttpResponse>;

/** The response to requests that are shed; made once, because rejecting must cost next to nothing. */
export const busyResponse: HttpResponse = createBusyResponse();

/**
 * Answers only what `loadShedder` lets in, and tells the rest to come back later; nothing was done for it
 * then. A place is taken when the body is there, so that who sends slowly holds none, and given back when
 * the answer is made, or when it begins where it is a stream.
 */
export function shedLoad(loadShedder: LoadShedder, answer: HandleExchange): HandleExchange {
  return async (exchange) => {
    await receiveBody(exchange);
    const arrivedAt = performance.now();
    const release = await loadShedder.enter(exchange.getDisconnect);
    if (release === null) return busyResponse;
    exchange.beganAt = performance.now();
    exchange.request.telemetry.waitedMs = Math.round(exchange.beganAt - arrivedAt);
    try {
      return await answer(exchange);
    } finally {
      release();
    }
  };
}

/** Whatever is wrong with the body is reported where it is read. */
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
