import type { ExecutionResult } from 'graphql';
import type { FetchAPI } from 'graphql-yoga';
import { createResultResponse } from './yoga-stand-ins.ts';

const delimiter = '\r\n--graphql';

/** The interval of Yoga's event streams; it keeps proxies from closing the connection. */
const heartbeatMsDefault = 12_000;

/**
 * Responds to a subscription in the multipart protocol of Apollo
 * (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol): a part for each
 * result, as `payload`, and an empty object as a heartbeat. Ends the subscription when the client leaves.
 */
export function streamMultipart(
  results: AsyncIterable<ExecutionResult>,
  fetchAPI: FetchAPI,
  heartbeatMs = heartbeatMsDefault,
): Response {
  const source = results[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let heart: NodeJS.Timeout | undefined;
  const body = new fetchAPI.ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(delimiter));
      heart = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(writePart('{}')));
      }, heartbeatMs);
    },
    async pull(controller) {
      const { done, value } = await source.next().catch((error: unknown) => {
        clearInterval(heart);
        throw error;
      });
      if (value !== undefined) controller.enqueue(encoder.encode(writePart(writePayload(value))));
      if (!done) return;
      clearInterval(heart);
      controller.enqueue(encoder.encode('--\r\n'));
      controller.close();
    },
    async cancel() {
      clearInterval(heart);
      await source.return?.();
    },
  });
  return new fetchAPI.Response(body, {
    headers: { 'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0' },
  });
}

function writePart(json: string): string {
  return `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}${delimiter}`;
}

function writePayload(result: ExecutionResult): string {
  return `{"payload":${createResultResponse(result, 'application/json').body}}`;
}
