import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendRequest, startHttp } from './fixture.ts';

// Limits that apply before an operation is read. Those of the body are in fast-path-parity.test.ts.

type Server = Awaited<ReturnType<typeof startHttp>>;
const json = { 'content-type': 'application/json' };
const hello = '{"query":"{ hello }"}';

describe('at the limit', () => {
  let server: Server;

  beforeAll(async () => {
    server = await startHttp();
  });
  afterAll(() => server.close());

  test('a URL of 8 KiB is accepted, and one byte more returns 414', async () => {
    const path = '/graphql?query=%7Bhello%7D&x='.padEnd(8_192, 'a');
    expect((await sendRequest(server.port, { method: 'GET', path })).status).toBe(200);
    const { status, body } = await sendRequest(server.port, { method: 'GET', path: `${path}a` });
    expect([status, JSON.parse(body).errors[0].extensions.code]).toEqual([414, 'BAD_REQUEST']);
  });

  test('headers of 16 KiB are accepted, and more return 431', async () => {
    const send = async (length: number) => {
      const head = 'POST /graphql HTTP/1.1\r\n';
      const fields = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${hello.length}\r\nconnection: close\r\nx: `;
      const filler = 'a'.repeat(length - head.length - fields.length - '\r\n\r\n'.length);
      return sendRaw(server, `${head}${fields}${filler}\r\n\r\n${hello}`);
    };
    expect(await send(16_384)).toMatch(/^HTTP\/1\.1 200 /);
    // node:http does not count the punctuation between the fields, so a few bytes more pass.
    expect(await send(16_384 + 64)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('a hundred small headers are accepted, and thousands are not', async () => {
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'a']));
    const few = await sendRequest(server.port, {
      headers: { ...json, ...headers(100) },
      body: hello,
    });
    expect(few.status).toBe(200);
    const { status } = await sendRequest(server.port, { headers: headers(4_000), body: hello });
    expect(status).toBe(431);
  });

  test('JSON of 32 levels is accepted, and 33 levels return 400', async () => {
    const send = (depth: number) => {
      // The body and its variables are the first two levels.
      const lists = `${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}`;
      return sendRequest(server.port, {
        headers: json,
        body: `{"query":"{ hello }","variables":{"a":${lists}}}`,
      });
    };
    expect((await send(32)).status).toBe(200);
    expect((await send(33)).status).toBe(400);
  });
});

test.each([
  [0, 'https', undefined],
  [1, undefined, undefined],
  [1, 'http', undefined],
  [1, 'https', 'max-age=31536000'],
  [1, 'https, http', undefined],
  [2, 'https, http', 'max-age=31536000'],
])(
  'behind %i proxies, a request by "%s" gets the Strict-Transport-Security header %s',
  async (...row) => {
    const [trustedProxyHops, protocol, expected] = row;
    await using server = await startHttp({ server: { trustedProxyHops } });
    const headers = { ...json, ...(protocol && { 'x-forwarded-proto': protocol }) };
    const reply = await sendRequest(server.port, { headers, body: hello });
    expect(reply.headers['strict-transport-security']).toBe(expected);
  },
);

describe('slow callers', () => {
  const timeoutMs = 400;

  test.each([
    ['headers', 'POST /graphql HTTP/1.1\r\nhost: x\r\nx: '],
    [
      'a body',
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\ncontent-type: application/json\r\n\r\n',
    ],
  ])('are disconnected even while they keep sending %s', async (_, beginning) => {
    await using server = await startHttp({ server: { requestTimeoutMs: timeoutMs } });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(beginning);
    const drip = setInterval(() => socket.write('a'), 20);
    const response = await readAll(socket);
    clearInterval(drip);
    expect(response).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('do not delay others, and leave no connection behind', async () => {
    await using server = await startHttp({ server: { requestTimeoutMs: timeoutMs } });
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\n');
      return socket;
    });
    await sleep(50);
    const { status } = await sendRequest(server.port, { headers: json, body: hello });
    expect(status).toBe(200);
    await Promise.all(sockets.map(readAll));
    await expect.poll(() => countConnections(server)).toBe(0);
  });
});

function sendRaw(server: Server, text: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  return readAll(socket);
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  try {
    for await (const chunk of socket) text += chunk;
  } catch {
    // The server closes the connection while the client is still sending.
  }
  return text;
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.node.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
