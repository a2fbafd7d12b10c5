import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { query, sendRequest, startHttp, waiting } from './fixture.ts';

// An operation that was accepted once is executed without being validated again. Every error that it can still
// cause must be the same as the first time.

type Server = Awaited<ReturnType<typeof startHttp>>;

let server: Server;
/** Serves the real schema, without a database. */
let product: Server;

beforeAll(async () => {
  server = await startHttp({ server: { requestTimeoutMs: 200 } });
  product = await startHttp({ schema });
});

afterAll(() => Promise.all([server.close(), product.close()]));

async function send(params: object, to = server) {
  const { status, body } = await sendRequest(to.port, {
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(params),
  });
  const { data, errors } = JSON.parse(body);
  return { status, data, code: errors?.[0].extensions.code, message: errors?.[0].message };
}

describe('once an operation is known', () => {
  test('it is not parsed again unless something about it is new', async () => {
    const parsed: string[] = [];
    const counting = await startHttp({
      plugins: [
        {
          onParse({ params }: { params: { source: unknown } }) {
            parsed.push(String(params.source));
          },
        },
      ],
    });
    await using _counting = counting;
    for (const _ of [1, 2, 3]) await send({ query: '{ hello }' }, counting);
    expect(parsed).toEqual(['{ hello }']);
    await send({ query: '{ hello }', extensions: {} }, counting);
    await send({ query: '{ hello }', operationName: 'Unknown' }, counting);
    expect(parsed).toHaveLength(3);
  });

  test('it is executed for each request, with the variables and caller of that request', async () => {
    const echo = 'query ($text: String!) { echo(text: $text) caller }';
    for (const text of ['a', 'b', 'c']) {
      const reply = await sendRequest(server.port, {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${text}` },
        body: JSON.stringify({ query: echo, variables: { text } }),
      });
      expect(JSON.parse(reply.body).data).toEqual({ echo: text, caller: `Bearer ${text}` });
    }
  });

  test('a context is created for each request', async () => {
    await query(server.port, '{ again: hello }');
    const before = server.counts.contexts;
    await query(server.port, '{ again: hello }');
    expect(server.counts.contexts).toBe(before + 1);
  });

  test('invalid variables are rejected as the first time', async () => {
    const strict = 'query Strict($text: String!) { echo(text: $text) }';
    const first = await send({ query: strict, variables: { text: 7 } });
    expect(first).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    await send({ query: strict, variables: { text: 'good' } });
    expect(await send({ query: strict, variables: { text: 7 } })).toEqual(first);
    expect(await send({ query: strict, variables: {} })).toMatchObject({ status: 400 });
    expect(await send({ query: strict })).toMatchObject({ status: 400 });
  });

  test('a page size in the variables that makes it too complex is rejected', async () => {
    const pages = `query ($first: Int) { tenants(first: $first) { edges { node {
      memberships(first: 10) { edges { node { id } } } } } } }`;
    const readPages = (first: number) => send({ query: pages, variables: { first } }, product);
    const large = await readPages(100);
    expect(large.code).toBe('QUERY_TOO_COMPLEX');
    expect((await readPages(1)).code).not.toBe('QUERY_TOO_COMPLEX');
    expect(await readPages(100)).toEqual(large);
  });

  test('each of several operations in a document is selected by its own name only', async () => {
    const two = 'query A { a: hello } query B { b: hello }';
    for (const _ of [1, 2]) {
      expect((await send({ query: two, operationName: 'A' })).data).toEqual({ a: 'world' });
      expect((await send({ query: two, operationName: 'B' })).data).toEqual({ b: 'world' });
      expect(await send({ query: two, operationName: 'C' })).toMatchObject({ status: 400 });
      expect(await send({ query: two })).toMatchObject({ status: 400 });
      expect(await send({ query: two, operationName: '' })).toMatchObject({ status: 400 });
    }
  });

  test('a document and a name are never confused with those of another operation', async () => {
    await send({ query: 'query\n{ hello }' });
    // A comment may hold a NUL.
    expect((await send({ query: 'query { hello } #\0{ caller }' })).status).toBe(200);
    const name = 'query { hello } #';
    expect(await send({ query: '{ caller }', operationName: name })).toMatchObject({ status: 400 });
    expect(await send({ query: '{ hello }', operationName: 'query' })).toMatchObject({
      status: 400,
    });
  });

  test('invalid parameters are still rejected', async () => {
    const text = { query: '{ plain: hello }' };
    await send(text);
    for (const wrong of [
      { extra: 1 },
      { extensions: 7 },
      { variables: [] },
      { variables: 'x' },
      { operationName: 7 },
    ]) {
      expect(await send({ ...text, ...wrong })).toMatchObject({ status: 400 });
    }
    expect(await send({ ...text, extensions: {} })).toMatchObject({ status: 200 });
  });

  test('it is UNAVAILABLE once its deadline has passed', async () => {
    const slow = '{ slow(ms: 2000) }';
    const first = await send({ query: slow });
    expect(first).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect(await send({ query: slow })).toEqual(first);
  });

  test('it ends when its caller disconnects', async () => {
    const patient = await startHttp();
    await using _patient = patient;
    for (const _ of [1, 2]) {
      const controller = new AbortController();
      const begun = new Promise((resolve) => waiting.addEventListener('begun', resolve));
      const aborted = new Promise((resolve) => waiting.addEventListener('aborted', resolve));
      const request = fetch(`${patient.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ wait }' }),
        signal: controller.signal,
      });
      await begun;
      controller.abort();
      await expect(request).rejects.toThrow();
      await aborted;
    }
  });

  test('it is counted each time', async () => {
    const labels: string[] = [];
    const metrics = {
      observeOperation: (label: string) => labels.push(label),
      countError: () => undefined,
    };
    const counting = await startHttp({ metrics });
    await using _counting = counting;
    for (const _ of [1, 2, 3]) await query(counting.port, '{ hello }');
    expect(labels).toEqual(['query hello', 'query hello', 'query hello']);
  });

  test('a mutation by GET is still rejected', async () => {
    const text = 'mutation { bump }';
    await send({ query: text });
    const path = `/graphql?query=${encodeURIComponent(text)}`;
    expect((await sendRequest(server.port, { method: 'GET', path })).status).toBe(405);
  });
});
