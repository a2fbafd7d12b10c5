import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { ask, query, startHttp, waiting } from './fixture.ts';

// An operation that was let through once is executed without being judged again. All that may still go wrong
// with it has to go wrong in the same way.

type Server = Awaited<ReturnType<typeof startHttp>>;

let server: Server;
/** Of the product's schema, with nothing behind it. */
let product: Server;

beforeAll(async () => {
  server = await startHttp({ server: { requestTimeoutMs: 200 } });
  product = await startHttp({ schema });
});

afterAll(() => Promise.all([server.close(), product.close()]));

async function send(params: object, to = server) {
  const { status, body } = await ask(to.port, {
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(params),
  });
  const { data, errors } = JSON.parse(body);
  return { status, data, code: errors?.[0].extensions.code, message: errors?.[0].message };
}

describe('once an operation is known', () => {
  test('the engine does not see it again, until something about it is new', async () => {
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

  test('it is executed anew for each request, with its own variables and caller', async () => {
    const echo = 'query ($text: String!) { echo(text: $text) caller }';
    for (const text of ['a', 'b', 'c']) {
      const reply = await ask(server.port, {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${text}` },
        body: JSON.stringify({ query: echo, variables: { text } }),
      });
      expect(JSON.parse(reply.body).data).toEqual({ echo: text, caller: `Bearer ${text}` });
    }
  });

  test('a context is made for each request', async () => {
    await query(server.port, '{ again: hello }');
    const before = server.counts.contexts;
    await query(server.port, '{ again: hello }');
    expect(server.counts.contexts).toBe(before + 1);
  });

  test('variables that do not fit are refused as the first time', async () => {
    const strict = 'query Strict($text: String!) { echo(text: $text) }';
    const first = await send({ query: strict, variables: { text: 7 } });
    expect(first).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    await send({ query: strict, variables: { text: 'good' } });
    expect(await send({ query: strict, variables: { text: 7 } })).toEqual(first);
    expect(await send({ query: strict, variables: {} })).toMatchObject({ status: 400 });
    expect(await send({ query: strict })).toMatchObject({ status: 400 });
  });

  test('a size in the variables that makes it too much is refused', async () => {
    const pages = `query ($first: Int) { tenants(first: $first) { edges { node {
      memberships(first: 10) { edges { node { id } } } } } } }`;
    const ask = (first: number) => send({ query: pages, variables: { first } }, product);
    const large = await ask(100);
    expect(large.code).toBe('QUERY_TOO_COMPLEX');
    expect((await ask(1)).code).not.toBe('QUERY_TOO_COMPLEX');
    expect(await ask(100)).toEqual(large);
  });

  test('of several operations in a document each is known by its own name alone', async () => {
    const two = 'query A { a: hello } query B { b: hello }';
    for (const _ of [1, 2]) {
      expect((await send({ query: two, operationName: 'A' })).data).toEqual({ a: 'world' });
      expect((await send({ query: two, operationName: 'B' })).data).toEqual({ b: 'world' });
      expect(await send({ query: two, operationName: 'C' })).toMatchObject({ status: 400 });
      expect(await send({ query: two })).toMatchObject({ status: 400 });
      expect(await send({ query: two, operationName: '' })).toMatchObject({ status: 400 });
    }
  });

  test('a name in front of another document leads to nothing', async () => {
    await send({ query: 'query\n{ hello }' });
    // A comment may hold a NUL.
    expect((await send({ query: 'query { hello } #\0{ caller }' })).status).toBe(200);
    const name = 'query { hello } #';
    expect(await send({ query: '{ caller }', operationName: name })).toMatchObject({ status: 400 });
    expect(await send({ query: '{ hello }', operationName: 'query' })).toMatchObject({
      status: 400,
    });
  });

  test('parameters that are not plain are still refused', async () => {
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

  test('it is answered as unavailable when its time is up', async () => {
    const slow = '{ slow(ms: 2000) }';
    const first = await send({ query: slow });
    expect(first).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect(await send({ query: slow })).toEqual(first);
  });

  test('it ends when its caller goes away', async () => {
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

  test('a mutation asked by GET stays refused', async () => {
    const text = 'mutation { bump }';
    await send({ query: text });
    const path = `/graphql?query=${encodeURIComponent(text)}`;
    expect((await ask(server.port, { method: 'GET', path })).status).toBe(405);
  });
});
