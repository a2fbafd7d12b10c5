import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RequestParts, sendRequest, startHttp } from './fixture.ts';

// A client that sends something unsupported gets an error that says what to change.

type Server = Awaited<ReturnType<typeof startHttp>>;

let server: Server;
let guarded: Server;
beforeAll(async () => {
  server = await startHttp({ server: { graphiql: false } });
  guarded = await startHttp({ server: { hasGetGuard: true, graphiql: false } });
});
afterAll(() => Promise.all([server.close(), guarded.close()]));

async function read({ port }: Server, request: RequestParts) {
  const { status, headers, body } = await sendRequest(port, request);
  const { data, errors } = JSON.parse(body);
  return { status, type: headers['content-type'], data, error: errors?.[0] };
}

const post = (body: unknown, headers = {}): RequestParts => ({
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

const get = (params: Record<string, string>, headers = {}): RequestParts => ({
  method: 'GET',
  path: `/graphql?${new URLSearchParams(params)}`,
  headers,
});

describe('a subscription without an event stream says what to send', () => {
  const query = 'subscription { ticks }';
  const accepts: [string, Record<string, string>][] = [
    ['no accept header', {}],
    ...[
      '*/*',
      'application/json',
      'application/graphql-response+json, application/json;q=0.9',
      'text/html,application/xhtml+xml,*/*;q=0.8',
      'multipart/mixed;deferSpec=20220824, application/json',
    ].map((accept): [string, Record<string, string>] => [accept, { accept }]),
  ];
  test.each(accepts)('to %s', async (_, headers) => {
    for (const request of [post({ query }, headers), get({ query }, headers)]) {
      const { status, type, error } = await read(server, request);
      expect([status, type]).toEqual([
        406,
        expect.stringMatching(/^application\/(graphql-response\+)?json/),
      ]);
      expect(error.message).toContain('accept: text/event-stream');
      expect(error.extensions).toEqual({ code: 'BAD_REQUEST' });
    }
  });

  test.each(['image/png', 'text/html', 'text/plain', 'application/xml'])(
    'to %s',
    async (accept) => {
      const { status, error } = await read(guarded, post({ query }, { accept }));
      expect([status, error.message]).toEqual([406, expect.stringContaining('text/event-stream')]);
    },
  );
});

test('a batch is rejected with the reason', async () => {
  const { status, error } = await read(server, post([{ query: '{ hello }' }]));
  expect([status, error]).toEqual([
    400,
    {
      message: 'Batching is not supported: send each operation in a request of its own.',
      extensions: { code: 'BAD_REQUEST' },
    },
  ]);
});

test('a hash or an id instead of the document gets an error that makes clients send the document', async () => {
  const persistedQuery = { version: 1, sha256Hash: 'a'.repeat(64) };
  const extensions = JSON.stringify({ persistedQuery });
  for (const request of [
    post({ operationName: 'A', variables: {}, extensions: { persistedQuery } }),
    post({ documentId: 'sha256:abc' }),
    post({ id: 'abc', variables: {} }),
    post({ doc_id: 'abc' }),
    get({ operationName: 'A', variables: '{}', extensions }),
    get({ documentId: 'sha256:abc' }),
  ]) {
    for (const { status, data, error } of [
      await read(server, request),
      await read(guarded, request),
    ]) {
      expect([status, data, error]).toEqual([
        200,
        undefined,
        {
          message: 'PersistedQueryNotSupported',
          extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' },
        },
      ]);
    }
  }
});

describe('a guarded GET', () => {
  const cases: [status: number, headers: Record<string, string>][] = [
    [403, {}],
    [403, { authorization: 'Bearer t' }],
    [403, { accept: 'application/graphql-response+json' }],
    [403, { 'content-type': 'text/plain' }],
    [403, { 'content-type': 'text/plain, application/json' }],
    [403, { 'content-type': 'application/x-www-form-urlencoded' }],
    [403, { 'content-type': 'application/jsonp' }],
    [403, { origin: 'https://evil.example' }],
    [403, { origin: 'null' }],
    [403, { 'sec-fetch-site': 'cross-site' }],
    [403, { 'sec-fetch-site': 'same-site' }],
    [403, { 'sec-fetch-site': 'none' }],
    [200, { 'graphql-require-preflight': '1' }],
    [200, { 'apollo-require-preflight': 'true' }],
    [200, { 'x-apollo-operation-name': 'A' }],
    [200, { 'x-tenantry-csrf': '1' }],
    [200, { 'content-type': 'application/json' }],
    [200, { origin: 'https://app.example' }],
    [200, { 'sec-fetch-site': 'same-origin' }],
  ];
  test.each(cases)('returns %i with %j', async (expected, headers) => {
    const { status, error } = await read(guarded, get({ query: '{ hello }' }, headers));
    expect(status).toBe(expected);
    if (status === 403) expect(error.message).toContain('graphql-require-preflight');
  });
});

describe('a default of a common client is accepted:', () => {
  test.each([
    ['an empty operation name', post({ query: 'query A { hello }', operationName: '' })],
    [
      'null for all parameters',
      post({ query: '{ hello }', operationName: null, variables: null, extensions: null }),
    ],
    [
      'extensions',
      post({ query: '{ hello }', extensions: { clientLibrary: { name: '@apollo/client' } } }),
    ],
    [
      'headers that name the client',
      post(
        { query: '{ hello }' },
        { 'apollographql-client-name': 'web', 'apollographql-client-version': '1' },
      ),
    ],
    [
      'a charset',
      post({ query: '{ hello }' }, { 'content-type': 'application/json; charset=utf-8' }),
    ],
    ['accept: */*', post({ query: '{ hello }' }, { accept: '*/*' })],
    ['accept-encoding', post({ query: '{ hello }' }, { 'accept-encoding': 'gzip, br, zstd' })],
    ['blanks around the body', { ...post({}), body: '\r\n {"query":"{ hello }\\n\\n"} \n' }],
    [
      'an empty operation name by GET',
      get({ query: '{ hello }', operationName: '', variables: '', extensions: '' }),
    ],
  ])('%s', async (_, request) => {
    const { status, data } = await read(server, request);
    expect([status, data]).toEqual([200, { hello: 'world' }]);
  });

  test('but an empty name selects none of several operations', async () => {
    const query = 'query A { hello } query B { hello }';
    const { status, error } = await read(server, post({ query, operationName: '' }));
    expect([status, error.extensions.code]).toEqual([400, 'OPERATION_RESOLUTION_FAILURE']);
  });

  test('a page of a listed origin may send the headers of its client', async () => {
    const { headers } = await sendRequest(server.port, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    });
    const allowed = String(headers['access-control-allow-headers']).split(', ');
    for (const name of ['apollographql-client-name', 'apollo-require-preflight', 'traceparent']) {
      expect(allowed).toContain(name);
    }
  });
});
