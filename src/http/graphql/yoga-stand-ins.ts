import type { ExecutionResult } from 'graphql';
import { type FetchAPI, processRegularResult } from 'graphql-yoga';
import type { HttpResponse } from '../response.ts';
import type { MediaType } from './media-type.ts';

/** The answer that Yoga itself makes of one result: its rules for status, headers and text. */
export function createResultResponse(
  result: ExecutionResult,
  mediaType: MediaType,
): HttpResponse & { body: string } {
  // The stand-in below makes what is typed as a Response an HttpResponse.
  return processRegularResult(result, answerAsResponse, mediaType) as unknown as HttpResponse & {
    body: string;
  };
}

/** Takes the place of a fetch Response, which costs more than the rest of a small operation. */
const answerAsResponse = {
  Response: function keep(
    body: string | null,
    { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> },
  ): HttpResponse {
    const { 'Content-Type': contentType, ...rest } = headers;
    return { status, headers: { 'content-type': contentType ?? '', ...rest }, body: body ?? '' };
  },
} as unknown as FetchAPI;
