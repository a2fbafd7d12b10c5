import { type ExecutionResult, GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { streamMultipart } from '../../src/http/graphql/multipart-subscription.ts';

const fetchAPI = globalThis as unknown as Parameters<typeof streamMultipart>[1];

/** Results that the test pushes; `isOver` is true once the reader has left. */
function createSource() {
  const waiting: ((result: IteratorResult<ExecutionResult>) => void)[] = [];
  const source = {
    isOver: false,
    push: (value: ExecutionResult) => waiting.shift()?.({ done: false, value }),
    end: () => waiting.shift()?.({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<ExecutionResult>>((resolve) => waiting.push(resolve)),
      return: async () => {
        source.isOver = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
}

const part = (json: string) =>
  `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n--graphql`;

test('each result is a part that is complete before the next one is sent', async () => {
  const source = createSource();
  const response = streamMultipart(source, fetchAPI);
  expect(response.headers.get('content-type')).toBe(
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  );
  const reader = response.body?.getReader();
  const read = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await read()).toBe('\r\n--graphql');
  const first = read();
  source.push({ data: { ticks: 1 } });
  expect(await first).toBe(part('{"payload":{"data":{"ticks":1}}}'));
  const second = read();
  const extensions = { code: 'UNAUTHENTICATED', http: { status: 401 } };
  source.push({ errors: [new GraphQLError('Sign in.', { extensions })] });
  expect(await second).toBe(
    part('{"payload":{"errors":[{"message":"Sign in.","extensions":{"code":"UNAUTHENTICATED"}}]}}'),
  );
  const last = read();
  source.end();
  expect(await last).toBe('--\r\n');
  expect((await reader?.read())?.done).toBe(true);
});

test('an idle connection is kept alive with empty objects', async () => {
  const source = createSource();
  const reader = streamMultipart(source, fetchAPI, 5).body?.getReader();
  await reader?.read();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(part('{}'));
  await reader?.cancel();
});

test('a client that disconnects ends the subscription', async () => {
  const source = createSource();
  const reader = streamMultipart(source, fetchAPI).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(source.isOver).toBe(true);
});
