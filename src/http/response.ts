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
  response: HttpResponse,
) => Promise<void> | void;

/**
 * The one place that writes responses, so all carry the same headers. While `isClosing` returns true,
 * responses close their connection. Writes nothing to a closed connection, and nothing twice.
 */
export function createResponseWriter(options: {
  cors: CorsOptions;
  trustedProxyHops: number;
  isClosing: () => boolean;
}): WriteResponse {
  const endSoon = createBatchedEnd();
  return ({ req, res, request }, { status, headers, body }) => {
    if (res.headersSent || res.destroyed) return undefined;
    const all: Record<string, string> = {
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      ...getTransportSecurityHeaders(req, options.trustedProxyHops),
      ...getCorsHeaders(req, options.cors),
      ...headers,
      // Last, because Yoga sets "no-cache" for event streams, which allows storing them.
      'cache-control': 'no-store',
    };
    if (options.isClosing()) all.connection = 'close';
    if (typeof body === 'string') {
      if (status !== 204) all['content-length'] = String(Buffer.byteLength(body));
      // writeHead only buffers the head; it is sent with the body.
      endSoon(res.writeHead(status, all), body);
      return undefined;
    }
    res.writeHead(status, all);
    return stream(body, res);
  };
}

/**
 * Ends the responses of one turn of the event loop together, after it; an idle loop ends it at once. A
 * write may wake its reader, which costs more than a small operation if that is a process on this machine;
 * of consecutive writes hardly more than the first one does.
 */
function createBatchedEnd(): (res: ServerResponse, body: string) => void {
  let ready: Ending[] = [];
  const endAll = () => {
    const batch = ready;
    ready = [];
    for (const ending of batch) end(ending);
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

/** The response for an error of a request that never reaches GraphQL, in the shape of a GraphQL result. */
export function createErrorResponse(error: GraphQLError): HttpResponse {
  const { http, ...extensions } = error.extensions;
  return {
    status: http?.status ?? 400,
    headers: { 'content-type': 'application/json; charset=utf-8', ...http?.headers },
    body: JSON.stringify({ errors: [{ message: error.message, extensions }] }),
  };
}

/** Streams send at least every 12 seconds, so a longer pause means that the client does not read. */
const stalledMsMax = 30_000;

/** A client that disconnects or stalls ends the source; that is no error. */
async function stream(body: AsyncIterable<Uint8Array>, res: ServerResponse): Promise<void> {
  res.setTimeout(stalledMsMax, () => res.destroy());
  try {
    await pipeline(Readable.from(body), res);
  } catch (thrown) {
    if (!res.destroyed) throw thrown;
  }
}
