import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UnauthenticatedError, UnavailableError } from '../../src/core/app-error.ts';
import { query, sendRequest, startHttp, waiting } from './fixture.ts';

const bothPaths = [
  ['the fast path', true],
  ['Yoga alone', false],
] as const;

describe.each(bothPaths)('%s', (_, hasFastJson) => {
  let server: Awaited<ReturnType<typeof startHttp>>;

  beforeAll(async () => {
    server = await startHttp({ hasFastJson });
  });
  afterAll(() => server.close());

  test('an unexpected error is masked, shows the request id and is logged in full', async () => {
    const { json, headers, status } = await query(server.port, '{ hello broken }');
    const requestId = headers['x-request-id'];
    expect(status).toBe(200);
    expect(json).toEqual({
      data: { hello: 'world', broken: null },
      errors: [
        {
          message: 'Something went wrong on our side.',
          path: ['broken'],
          locations: [{ line: 1, column: 9 }],
          extensions: { code: 'INTERNAL', requestId },
        },
      ],
    });
    const logged = server.lines.filter((line) => line.includes(String(requestId)));
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('SELECT password FROM users');
    expect(logged[0]).toContain('http/fixture.ts');
  });

  test('a result of the wrong type is an internal error and does not show the value', async () => {
    const { body, json } = await query(server.port, '{ notANumber }');
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    expect(body).not.toContain('secret');
  });

  test('a typed error shows its message, code and field', async () => {
    const { json } = await query(server.port, '{ rejected }');
    expect(json.errors[0]).toMatchObject({
      message: 'The name is too long.',
      extensions: { code: 'BAD_USER_INPUT', path: ['input', 'name'] },
    });
    expect(server.lines.join('')).not.toContain('The name is too long.');
  });

  test('an overload is one log line, not one per rejected request', async () => {
    for (const _ of [1, 2, 3]) {
      const { status } = await query(server.port, '{ flooded }');
      expect(status).toBe(503);
    }
    const lines = server.lines.filter((line) => line.includes('UnavailableError'));
    expect(lines).toHaveLength(1);
  });

  test('UNAVAILABLE without data is a 503 with Retry-After', async () => {
    const { status, headers, json } = await query(server.port, '{ busy }');
    expect([status, headers['retry-after']]).toEqual([503, '7']);
    expect(json.errors[0].extensions).toEqual({ code: 'UNAVAILABLE', retryAfterSeconds: 7 });
  });

  test('UNAVAILABLE next to data keeps the data and the status 200', async () => {
    const { status, headers, json } = await query(server.port, '{ hello busy }');
    expect([status, headers['retry-after'], json.data.hello]).toEqual([200, undefined, 'world']);
  });

  test('a rate limit returns the seconds until the next attempt', async () => {
    const { status, json } = await query(server.port, '{ limited }');
    expect(status).toBe(200);
    expect(json.errors[0].extensions).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: 30 });
  });

  test('a variable of the wrong type is named, with a code', async () => {
    const reply = await sendRequest(server.port, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'query ($t: String!) { echo(text: $t) }',
        variables: { t: 7 },
      }),
    });
    const [error] = JSON.parse(reply.body).errors;
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
    expect(error.message).toContain('"$t"');
  });

  test('only a valid operation creates a context', async () => {
    const before = server.counts.contexts;
    await query(server.port, '{ nothing }');
    await query(server.port, '{ hello');
    await sendRequest(server.port, { headers: { 'content-type': 'application/json' }, body: '{' });
    expect(server.counts.contexts).toBe(before);
    await query(server.port, '{ hello a: hello b: caller nested { hello } }');
    expect(server.counts.contexts).toBe(before + 1);
  });

  test('the context gets the authorization header unchanged', async () => {
    const { json } = await query(server.port, '{ caller }', { authorization: 'Bearer abc' });
    expect(json.data.caller).toBe('Bearer abc');
  });

  test('a caller that disconnects ends its operation', async () => {
    const begun = once(waiting, 'begun');
    const aborted = once(waiting, 'aborted');
    const controller = new AbortController();
    const logged = server.lines.length;
    const reply = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ nested { wait then } wait }' }),
      signal: controller.signal,
    });
    await begun;
    controller.abort();
    await expect(reply).rejects.toThrow();
    await aborted;
    await setTimeout(20);
    expect(server.lines.slice(logged)).toEqual([]);
  });

  test('a caller that disconnects while sending its body causes no error', async () => {
    const logged = server.lines.length;
    const controller = new AbortController();
    const body = new ReadableStream({
      start: (stream) => stream.enqueue(new TextEncoder().encode('{"query":')),
    });
    const init = { method: 'POST', body, duplex: 'half', signal: controller.signal };
    const headers = { 'content-type': 'application/json' };
    const reply = fetch(`${server.url}/graphql`, { ...init, headers } as RequestInit);
    await setTimeout(30);
    controller.abort();
    await expect(reply).rejects.toThrow();
    await setTimeout(20);
    expect(server.lines.slice(logged)).toEqual([]);
  });

  const failures: [string, () => unknown, number, string, string | undefined][] = [
    [
      'an unexpected error',
      () => new Error('connect ECONNREFUSED /tmp/.s.PGSQL'),
      500,
      'INTERNAL',
      undefined,
    ],
    ['a string', () => 'select 1', 500, 'INTERNAL', undefined],
    ['nothing at all', () => undefined, 500, 'INTERNAL', undefined],
    ['unavailable', () => new UnavailableError(undefined, 2), 503, 'UNAVAILABLE', '2'],
    ['a named error', () => new UnauthenticatedError(), 401, 'UNAUTHENTICATED', undefined],
  ];

  test.each(failures)(
    'a context that throws %s returns the same response as any other error',
    async (...row) => {
      const [, createError, status, code, retryAfter] = row;
      await using failing = await startHttp({
        hasFastJson,
        createContext: () => Promise.reject(createError()),
      });
      const reply = await query(failing.port, '{ hello }');
      expect([reply.status, reply.headers['retry-after']]).toEqual([status, retryAfter]);
      expect(reply.json.errors).toHaveLength(1);
      expect(reply.json.errors[0].extensions.code).toBe(code);
      expect(reply.body).not.toMatch(/ECONNREFUSED|PGSQL|select/);
    },
  );
});

test('with introspection off, no error discloses the schema', async () => {
  await using server = await startHttp({ server: { introspection: false } });
  for (const text of [
    '{ __schema { types { name } } }',
    '{ __type(name: "Query") { name } }',
    '{ helo }',
    '{ echo(txt: "a") }',
    '{ paint(colour: REDD) }',
  ]) {
    const { body, json } = await query(server.port, text);
    expect(json.data).toBeUndefined();
    expect(body).not.toContain('Did you mean');
  }
  const variable = await sendRequest(server.port, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'query ($c: Colour) { paint(colour: $c) }',
      variables: { c: 'REDD' },
    }),
  });
  expect(variable.body).toContain('$c');
  expect(variable.body).not.toContain('Did you mean');
});

test('a plugin that only one of the paths would run is rejected at startup', async () => {
  const plugins = [{ onResponse: () => undefined }];
  await expect(startHttp({ plugins })).rejects.toThrow('onResponse');
});

test('a plugin for operations runs on both paths', async () => {
  const seen: string[] = [];
  const plugins = [
    {
      onExecute: ({ args }: { args: { operationName?: string } }) => {
        seen.push(args.operationName ?? '-');
      },
    },
  ];
  for (const hasFastJson of [true, false]) {
    await using server = await startHttp({ hasFastJson, plugins });
    await query(server.port, '{ hello }');
  }
  expect(seen).toEqual(['-', '-']);
});

function once(target: EventTarget, type: string): Promise<void> {
  return new Promise((resolve) => {
    target.addEventListener(type, () => resolve(), { once: true });
  });
}
