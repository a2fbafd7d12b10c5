import type { Exchange } from '../exchange.ts';
import { createHttpError } from '../http-error.ts';
import type { HttpResponse } from '../response.ts';
import type { Engine } from './engine.ts';

const acceptable =
  'Send an accept header that allows application/json or application/graphql-response+json; with a subscription, text/event-stream.';

/** Media types of streamed responses. */
const streamed = /^(text\/event-stream|multipart\/mixed)/;

/**
 * Yoga's own path with its fetch layer: for GET, GraphiQL, streams and anything else but a plain operation in JSON.
 * @throws GraphQLError 400 for an invalid host header, 406 for an unsupported accept header
 */
export async function handleThroughYoga(engine: Engine, exchange: Exchange): Promise<HttpResponse> {
  const { req, res } = exchange;
  if (!URL.canParse(`http://${req.headers.host ?? 'localhost'}`)) {
    throw createHttpError(400, 'The host header is not a valid host.');
  }
  // We write the response ourselves, because Yoga's writer sends the stack of its own errors.
  const response = await engine.handleNodeRequestAndResponse(req, res, { exchange });
  const headers = getHeaders(response);
  const { status, body } = response;
  // Yoga's own 406 has no body.
  if (status === 406 && body === null) throw createHttpError(406, acceptable);
  if (body !== null && streamed.test(headers['content-type'] ?? '')) {
    return { status, headers: { ...headers, 'x-accel-buffering': 'no' }, body };
  }
  return { status, headers: withCharset(headers), body: await response.text() };
}

/** Headers that node:http sets itself; Yoga's streams also have the invalid content-encoding "none". */
const framing = new Set(['connection', 'content-encoding', 'content-length', 'transfer-encoding']);

/** In lower case: Yoga's Headers keep their original case. */
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
