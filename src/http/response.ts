import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GraphQLError } from 'graphql';
import { type CorsOptions, getCorsHeaders } from './browser/cors.ts';
import { getTransportSecurityHeaders } from './browser/hsts.ts';

/** A response to write: headers in lower case, the body whole or as a stream. */
export type HttpResponse = {
  status: number;
  headers: Record<string, string>;
  body: string | AsyncIterable<Uint8Array>;
};

export type WriteResponse = (
  exchange: { req: IncomingMessage; res: ServerResponse; request: { id: string } },
  answer: HttpResponse,
) => Promise<void> | void;

/**
 * The one place that writes answers, so that every one carries the same headers, whichever way it
 * was made. `isClosing` tells when the server drains: answers then end their connection. Nothing
 * is written to a caller that is gone, nor twice.
 */
export function createResponseWriter(options: {
  cors: CorsOptions;
  trustedProxyHops: number;
  isClosing: () => boolean;
}): WriteResponse {
  const endWithTurn = createTurnEnder();
  return ({ req, res, request }, { status, headers, body }) => {
    if (res.headersSent || res.destroyed) return undefined;
    const all: Record<string, string> = {
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      ...getTransportSecurityHeaders(req, options.trustedProxyHops),
      ...getCorsHeaders(req, options.cors),
      ...headers,
      // Last, because Yoga says "no-cache" of event streams, and those may be stored.
      'cache-control': 'no-store',
    };
    if (options.isClosing()) all.connection = 'close';
    if (typeof body === 'string') {
      if (status !== 204) all['content-length'] = String(Buffer.byteLength(body));
      // The head is only kept here; it goes out with the body.
      endWithTurn(res.writeHead(status, all), body);
      return undefined;
    }
    res.writeHead(status, all);
    return stream(body, res);
  };
}

/**
 * Ends the answers of one turn of the event loop together, when it is over; at rest it is over at once. Each write
 * may have to wake the reader, which costs more than a small operation where that is another process on
 * this machine; of writes that follow each other hardly more than the first one does.
 */
function createTurnEnder(): (res: ServerResponse, body: string) => void {
  let ready: Ending[] = [];
  const endAll = () => {
    const answers = ready;
    ready = [];
    for (const answer of answers) end(answer);
  };
  return (res, body) => {
    if (ready.push({ res, body }) === 1) setImmediate(endAll);
  };
}

type Ending = { res: ServerResponse; body: string };

/** A failing response must not affect the ones queued after it. */
function end({ res, body }: Ending): void {
  try {
    res.end(body);
  } catch {
    res.destroy();
  }
}

/** An error in the shape of a GraphQL answer, for what never reaches GraphQL. */
export function createErrorResponse(rejection: GraphQLError): HttpResponse {
  const { http, ...extensions } = rejection.extensions;
  return {
    status: http?.status ?? 400,
    headers: { 'content-type': 'application/json; charset=utf-8', ...http?.headers },
    body: JSON.stringify({ errors: [{ message: rejection.message, extensions }] }),
  };
}

/** Streams are written to every 12 seconds at least, so nothing goes out only to who does not read. */
const stalledMsMax = 30_000;

/** A caller that hangs up in the middle ends the source; that is no fault. Nor is one that stalls. */
async function stream(body: AsyncIterable<Uint8Array>, res: ServerResponse): Promise<void> {
  res.setTimeout(stalledMsMax, () => res.destroy());
  try {
    await pipeline(Readable.from(body), res);
  } catch (error) {
    if (!res.destroyed) throw error;
  }
}
