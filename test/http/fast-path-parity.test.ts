import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reply, type RequestParts, sendRequest, startHttp } from './fixture.ts';

type Server = Awaited<ReturnType<typeof startHttp>>;

let fast: Server;
let yoga: Server;

beforeAll(async () => {
  fast = await startHttp();
  yoga = await startHttp({ hasFastJson: false });
});

afterAll(async () => {
  await Promise.all([fast.close(), yoga.close()]);
});

const json = 'application/json';
const response = 'application/graphql-response+json';

/** A POST of `body` with the content type of JSON. */
function post(body: string | Buffer, headers: Record<string, string> = {}): RequestParts {
  return { body, headers: { 'content-type': json, ...headers } };
}

/** A POST of these parameters. */
function params(value: unknown, headers: Record<string, string> = {}): RequestParts {
  return post(JSON.stringify(value), headers);
}

function nest(depth: number): string {
  return `{"query":"{ hello }","variables":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
}

const hello = { query: '{ hello }' };
const ticks = { query: 'subscription { ticks }' };
const getTicks: RequestParts = { method: 'GET', path: '/graphql?query=subscription%7Bticks%7D' };
const hashed = { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } };
const apollo = `multipart/mixed;boundary=graphql;subscriptionSpec=1.0,${'application/graphql-response+json'},application/json;q=0.9`;
const helloText = JSON.stringify(hello);

/** Requests by name, with the status that both paths must return. */
const requests: Record<string, [status: number, request: RequestParts]> = {
  'a query': [200, params(hello)],
  'a query with variables': [
    200,
    params({ query: 'query ($t: String!) { echo(text: $t) }', variables: { t: 'ä🏃' } }),
  ],
  'a named operation of two': [
    200,
    params({ query: 'query A { hello } query B { a: hello }', operationName: 'B' }),
  ],
  'a mutation': [200, params({ query: 'mutation { __typename }' })],
  introspection: [200, params({ query: '{ __schema { queryType { name } } }' })],
  'null variables, operationName and extensions': [
    200,
    params({ ...hello, variables: null, operationName: null, extensions: null }),
  ],
  'bad JSON': [400, post('{"query":')],
  'an empty body': [400, post('')],
  'no body at all': [400, { headers: { 'content-type': json } }],
  'a byte order mark': [400, post(`\ufeff${helloText}`)],
  'bytes that are not UTF-8': [400, post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))],
  'an array of operations': [400, params([hello, hello])],
  'an empty array': [400, params([])],
  'JSON null': [400, post('null')],
  'a JSON string': [400, post('"{ hello }"')],
  'a JSON number': [400, post('7')],
  'no query': [200, params({ variables: {} })],
  'no query, strictly': [400, params({ variables: {} }, { accept: response })],
  'an unknown parameter': [400, params({ ...hello, extra: 1 })],
  'a __proto__ parameter': [400, post('{"query":"{ hello }","__proto__":{"a":1}}')],
  'a query that is a number': [400, params({ query: 7 })],
  'a query that is a list': [400, params({ query: ['{ hello }'] })],
  'an empty query': [200, params({ query: '' })],
  'an empty query, strictly': [400, params({ query: '' }, { accept: response })],
  'variables that are a string': [400, params({ ...hello, variables: '{}' })],
  'variables that are a list': [400, params({ ...hello, variables: [] })],
  'extensions that are a number': [400, params({ ...hello, extensions: 1 })],
  'an operationName that is a number': [400, params({ ...hello, operationName: 7 })],
  'an unknown operation': [400, params({ ...hello, operationName: 'Nope' })],
  'two operations and no name': [400, params({ query: 'query A { hello } query B { hello }' })],
  'a syntax error': [200, params({ query: '{ hello' })],
  'a syntax error, strictly': [400, params({ query: '{ hello' }, { accept: response })],
  'a validation error': [200, params({ query: '{ helo }' })],
  'a validation error, strictly': [400, params({ query: '{ helo }' }, { accept: response })],
  'a variable of the wrong type': [
    200,
    params({ query: 'query ($t: String!) { echo(text: $t) }', variables: { t: 7 } }),
  ],
  'a variable of the wrong type, strictly': [
    400,
    params({ query: 'query ($t: String!) { echo(text: $t) }' }, { accept: response }),
  ],
  'more tokens than allowed': [200, params({ query: `{ ${'hello '.repeat(1_000)} }` })],
  'a masked error with data': [200, params({ query: '{ hello broken }' })],
  'a masked error without data': [200, params({ query: '{ alsoBroken }' })],
  'a typed error': [200, params({ query: '{ rejected }' })],
  'unavailable, without other data': [503, params({ query: '{ busy }' })],
  'unavailable, with other data': [200, params({ query: '{ hello busy }' })],
  'duplicate keys, of which the last counts': [
    200,
    post('{"query":"{ nothing }","query":"{ hello }"}'),
  ],
  'lists 29 deep inside the variables': [200, post(nest(29))],
  'lists 31 deep inside the variables': [400, post(nest(31))],
  'lists 40,000 deep': [400, post(nest(40_000))],
  '5,000 values': [200, params({ ...hello, variables: { a: Array(4_996).fill(1) } })],
  '5,001 values': [400, params({ ...hello, variables: { a: Array(4_997).fill(1) } })],
  'a body of the largest size': [200, post(helloText.padEnd(102_400))],
  'a body of one byte more': [413, post(helloText.padEnd(102_401))],
  'a body of one byte more, in chunks': [
    413,
    post(helloText.padEnd(102_401), { 'transfer-encoding': 'chunked' }),
  ],
  'a gzipped body': [415, post(gzipSync(helloText), { 'content-encoding': 'gzip' })],
  'an identity encoding': [200, params(hello, { 'content-encoding': 'identity' })],
  'charset utf-8': [200, params(hello, { 'content-type': 'application/json; charset=utf-8' })],
  'charset "UTF-8"': [200, params(hello, { 'content-type': 'application/json;charset="UTF-8"' })],
  'charset latin1': [415, params(hello, { 'content-type': 'application/json; charset=latin1' })],
  'graphql+json': [200, params(hello, { 'content-type': 'application/graphql+json' })],
  'content-type in capitals': [415, params(hello, { 'content-type': 'Application/JSON' })],
  'two content types': [200, params(hello, { 'content-type': 'application/json, text/plain' })],
  'jsonp, which only begins like json': [
    415,
    params(hello, { 'content-type': 'application/jsonp' }),
  ],
  'no content type': [415, { body: helloText }],
  'text/plain': [415, params(hello, { 'content-type': 'text/plain' })],
  'a form': [
    415,
    { body: 'query={hello}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  multipart: [415, params(hello, { 'content-type': 'multipart/form-data; boundary=x' })],
  'application/graphql': [
    415,
    { body: '{ hello }', headers: { 'content-type': 'application/graphql' } },
  ],
  'accept: an unsupported type': [406, params(hello, { accept: 'image/png' })],
  'accept: an event stream': [200, params(hello, { accept: 'text/event-stream' })],
  'GET a query': [200, { method: 'GET', path: '/graphql?query=%7Bhello%7D' }],
  'GET with broken variables': [
    400,
    { method: 'GET', path: '/graphql?query=%7Bhello%7D&variables=x' },
  ],
  'GET a mutation': [405, { method: 'GET', path: '/graphql?query=mutation%7Bbump%7D' }],
  'GET without a query': [200, { method: 'GET' }],
  HEAD: [405, { method: 'HEAD', path: '/graphql?query=%7Bhello%7D' }],
  PUT: [405, { ...params(hello), method: 'PUT' }],
  DELETE: [405, { method: 'DELETE' }],
  'a preflight': [
    204,
    {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    },
  ],
  'an allowed origin': [200, params(hello, { origin: 'https://app.example' })],
  'a foreign origin': [200, params(hello, { origin: 'https://app.example.evil' })],
  'a path below': [404, { ...params(hello), path: '/graphql/more' }],
  'a path with the same ending': [404, { ...params(hello), path: '/other/graphql' }],
  'a query string on a POST': [200, { ...params(hello), path: '/graphql?a=/health' }],
  'a URL of 8 KiB and more': [414, { ...params(hello), path: `/graphql?${'a'.repeat(8_192)}` }],
  'an invalid host': [400, { method: 'GET', headers: { host: 'a b' } }],
  'a subscription': [200, params(ticks, { accept: 'text/event-stream' })],
  'a subscription in the multipart protocol of Apollo': [200, params(ticks, { accept: apollo })],
  'a subscription by GET': [200, { ...getTicks, headers: { accept: 'text/event-stream' } }],
  'a subscription that accepts an event stream last': [
    200,
    params(ticks, { accept: `${json}, */*, text/event-stream` }),
  ],
  'a subscription that accepts JSON only': [406, params(ticks, { accept: json })],
  'a subscription without an accept header': [406, params(ticks)],
  'a subscription that accepts anything': [406, params(ticks, { accept: '*/*' })],
  'a subscription by GET that accepts anything': [406, getTicks],
  'a subscription from a browser': [406, params(ticks, { accept: 'text/html,*/*;q=0.8' })],
  'a subscription that accepts any text': [406, params(ticks, { accept: 'text/*' })],
  'a subscription in plain multipart': [406, params(ticks, { accept: 'multipart/mixed' })],
  'a subscription with multipart and JSON': [
    406,
    params(ticks, { accept: `multipart/mixed;deferSpec=20220824, ${response}, ${json}` }),
  ],
  'a subscription that does not accept an event stream': [
    406,
    params(ticks, { accept: 'text/event-stream;q=0, */*' }),
  ],
  'an empty operationName': [200, params({ ...hello, operationName: '' })],
  'a hash instead of the text': [200, params(hashed)],
  'a hash instead of the text, strictly': [200, params(hashed, { accept: response })],
  'a hash and null instead of the text': [200, params({ ...hashed, query: null })],
  'a hash beside the text': [200, params({ ...hashed, ...hello })],
  'a hash by GET': [
    200,
    {
      method: 'GET',
      path: `/graphql?extensions=${encodeURIComponent(JSON.stringify(hashed.extensions))}`,
    },
  ],
  'the id of a document': [200, params({ documentId: 'sha256:abc', variables: {} })],
  'the id of a document by GET': [200, { method: 'GET', path: '/graphql?documentId=a' }],
  'the id of a document beside the text': [400, params({ ...hello, documentId: 'a' })],
  'extensions of a client': [
    200,
    params({ ...hello, extensions: { clientLibrary: { name: '@apollo/client', version: '4' } } }),
  ],
  'the accept header of Apollo with @defer': [
    200,
    params(hello, { accept: `multipart/mixed;deferSpec=20220824,${response},${json};q=0.9` }),
  ],
};

describe.each(Object.entries(requests))('%s', (_, [status, request]) => {
  test(`returns ${status}, and the same on both paths`, async () => {
    const [byFast, byYoga] = await sendToBoth(request);
    expect(byFast).toEqual(byYoga);
    expect(byFast.status).toBe(status);
    // By now the operation is cached if it was accepted.
    expect((await sendToBoth(request))[0]).toEqual(byYoga);
  });
});

const accepted = ['*/*', 'application/*', '*/json', json, response, 'text/html', 'image/*'];
const ranges = [
  ...accepted,
  `${json};q=0.1`,
  `${response}; charset=utf-8`,
  `${json};charset=latin1`,
];

test('every pair of accepted media types gets the same response on both paths', async () => {
  const single = [...ranges, 'text/event-stream', 'multipart/mixed', 'nonsense', '', ' ', ','];
  const pairs = ranges.flatMap((left) => ranges.map((right) => `${left}, ${right.toUpperCase()}`));
  const wrong: string[] = [];
  for (const accept of [...single, ...pairs]) {
    for (const query of ['{ hello }', '{ hello', '{ alsoBroken }']) {
      const [byFast, byYoga] = await sendToBoth(params({ query }, { accept }));
      if (JSON.stringify(byFast) !== JSON.stringify(byYoga)) wrong.push(`${accept} ${query}`);
    }
  }
  expect(wrong).toEqual([]);
});

async function sendToBoth(request: RequestParts): Promise<[Reply, Reply]> {
  const same = { ...request, headers: { 'x-request-id': 'same-on-both', ...request.headers } };
  const replies = await Promise.all([sendRequest(fast.port, same), sendRequest(yoga.port, same)]);
  return replies.map(({ headers: { date: _, ...headers }, ...reply }) => ({
    ...reply,
    headers,
  })) as [Reply, Reply];
}
