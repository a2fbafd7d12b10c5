import type { ExecutionResult } from 'graphql';
import { processRegularResult } from 'graphql-yoga';
import type { Exchange } from '../exchange.ts';
import type { HttpResponse } from '../response.ts';
import type { MediaType } from './media-type.ts';

// A fetch Request or Response costs more than the rest of a small operation, so Yoga gets these instead.

type TextResponse = HttpResponse & { body: string };

/** The parts of a request that plugins may read on both paths: method, URL and single headers. */
export function createRequestStandIn({ req }: Exchange): Request {
  const get = (name: string) => req.headers[name.toLowerCase()]?.toString() ?? null;
  const headers = { get, has: (name: string) => get(name) !== null } as Headers;
  return { method: 'POST', url: `http://localhost${req.url}`, headers } as Request;
}

/** The response to one result, by Yoga's own rules for status, headers and text. */
export function createResultResponse(result: ExecutionResult, mediaType: MediaType): TextResponse {
  return processResult(result, { Response: createTextResponse }, mediaType);
}

/** Yoga returns what its `new fetchAPI.Response(…)` evaluates to, which is the object returned below. */
const processResult = processRegularResult as unknown as (
  result: ExecutionResult,
  fetchAPI: { Response: typeof createTextResponse },
  mediaType: MediaType,
) => TextResponse;

function createTextResponse(
  body: string | null,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> },
): TextResponse {
  const { 'Content-Type': contentType, ...rest } = headers;
  return { status, headers: { 'content-type': contentType ?? '', ...rest }, body: body ?? '' };
}
