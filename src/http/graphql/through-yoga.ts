import type { Exchange } from '../exchange.ts';
import { createHttpError } from '../http-error.ts';
import type { HttpResponse } from '../response.ts';
import type { Engine } from './engine.ts';

const acceptable =
  'Send an accept header that allows application/json or application/graphql-response+json; with a subscription, text/event-stream.';

/** Media types whose answers grow while they are written. */
const streamed = /^(text\/event-stream|multipart\/mixed)/;

/**
 * The ordinary way: Yoga with its fetch layer, for GET, GraphiQL, streamed results and whatever
 * else is not the everyday operation in JSON. Throws an error for a host that makes no URL; any
 * other error is a fault of ours.
 */
export async function handleThroughYoga(engine: Engine, exchange: Exchange): Promise<HttpResponse> {
  const { req, res } = exchange;
  if (!URL.canParse(`http://${req.headers.host ?? 'localhost'}`)) {
    throw createHttpError(400, 'The host header is not a valid host.');
  }
  // Written here and not by Yoga, whose own writer shows the stack of what goes wrong in it.
  const response = await engine.handleNodeRequestAndResponse(req, res, { exchange });
  const headers = getHeaders(response);
  const { status, body } = response;
  // Yoga says so without a word.
  if (status === 406 && body === null) throw createHttpError(406, acceptable);
  if (body !== null && streamed.test(headers['content-type'] ?? '')) {
    return { status, headers: { ...headers, 'x-accel-buffering': 'no' }, body };
  }
  return { status, headers: withCharset(headers), body: await response.text() };
}

/** How a body is cut into pieces is for node:http to say; "none" is no encoding (Yoga's streams). */
const framing = new Set(['connection', 'content-encoding', 'content-length', 'transfer-encoding']);

/** In lower case: Yoga's Headers keep the case in which they were set. */
function getHeaders({ headers }: Response): Record<string, string> {
  const entries = [...headers.entries()].map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(entries.filter(([name]) => !framing.has(String(name))));
}

function withCharset(headers: Record<string, string>): Record<string, string> {
  if (headers['content-type'] !== 'text/html') return headers;
  return {
    ...headers,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "frame-ancestors 'none'",
  };
}
