import { serverAudits } from 'graphql-http';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { createPerson, type Person } from '../support/people.ts';

// The server in production with default settings.

const app = describeApp({
  NODE_ENV: 'production',
  TENANTRY_SECRET: 'a secret of more than thirty-two characters',
  CORS_ORIGINS: 'https://app.example',
});
let person: Person;

beforeAll(async () => {
  person = await createPerson(app);
});

const preflight = { 'graphql-require-preflight': '1' };

type Sent = { method?: string; path?: string; headers?: Record<string, string>; body?: string };

async function send({ method = 'POST', path = '', headers = {}, body }: Sent) {
  const response = await fetch(`${app.url}/graphql${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const sendJson = (body: unknown, headers: Record<string, string> = {}) =>
  send({
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

describe('the 61 GraphQL-over-HTTP audits', () => {
  const listFailed = async (headers: Record<string, string>) => {
    const audits = serverAudits({
      url: `${app.url}/graphql`,
      fetchFn: (url: string, init: RequestInit = {}) =>
        fetch(url, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers },
        }),
    });
    expect(audits).toHaveLength(61);
    const failed: string[] = [];
    for (const audit of audits) {
      const { id, status } = await audit.fn();
      if (status !== 'ok') failed.push(`${id} ${status}`);
    }
    return failed.toSorted();
  };

  /** They query `__type` to check variables and operation names, and introspection is off. */
  const introspecting = ['28B9 error', '2EA1 warn', '6A70 notice', 'D6D5 notice'];

  test('pass, except those that introspect', async () => {
    expect(await listFailed(preflight)).toEqual(introspecting);
  });

  test('pass without the preflight header, except those that introspect or use GET', async () => {
    expect(await listFailed({})).toEqual([...introspecting, '5A70 notice'].toSorted());
  });
});

describe('the schema is not disclosed', () => {
  test.each([
    ['{ __schema { queryType { name } } }'],
    ['{ __type(name: "User") { name } }'],
    ['query A { ...F } fragment F on Query { s: __schema { types { name } } }'],
  ])('by %s', async (query) => {
    const { data, errors } = await app.ask(query, { token: person.token });
    expect(data).toBeUndefined();
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(
      errors?.map(() => 'GRAPHQL_VALIDATION_FAILED'),
    );
  });

  test('but __typename is available', async () => {
    expect(await app.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });

  test.each([
    ['{ viewr { user { id } } }'],
    ['{ viewer { user { emai } } }'],
    ['{ viewer { memberships(frst: 1) { totalCount } } }'],
    ['{ node(id: "a") { ... on Usr { id } } }'],
    ['{ viewer @skp(if: true) { user { id } } }'],
    ['{ tenants(orderBy: { field: SLUGG }) { totalCount } }'],
    ['mutation { signIn(input: { emal: "a", password: "b" }) { __typename } }'],
    ['query ($a: TenantStatu) { tenants(where: { status: $a }) { totalCount } }'],
    ['{ viewer { user } }'],
    ['fragment A on User { id } { viewer { user { ...B } } }'],
  ])('by a suggestion for %s', async (query) => {
    const { errors } = await app.ask(query);
    expect(errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
  });

  test.each([
    [
      'an enum',
      'query ($v: TenantStatus) { tenants(where: { status: $v }) { totalCount } }',
      'ACTIV',
    ],
    ['an input', 'query ($v: TenantWhere) { tenants(where: $v) { totalCount } }', { statu: 'A' }],
  ])('by a suggestion for a variable: %s', async (_, query, v) => {
    const { errors } = await app.ask(query, { variables: { v } });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
  });

  test('by a page, as there is neither GraphiQL nor a landing page', async () => {
    for (const path of ['', '?query=%7B__typename%7D', '/', '/../']) {
      const reply = await send({ method: 'GET', path, headers: { accept: 'text/html' } });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.text).not.toMatch(/graphiql|<html/i);
    }
    expect((await fetch(`${app.url}/`)).status).toBe(404);
  });
});

describe('only operations in JSON are accepted', () => {
  const typename = { query: '{ __typename }' };
  const path = `?query=${encodeURIComponent(typename.query)}`;

  test('by POST, without any other header', async () => {
    expect((await sendJson(typename)).status).toBe(200);
  });

  test('by GET, only with a header that foreign pages cannot send', async () => {
    expect((await send({ method: 'GET', path, headers: preflight })).status).toBe(200);
    for (const headers of [{}, { authorization: `Bearer ${person.token}` }]) {
      const { status, text } = await send({ method: 'GET', path, headers });
      expect([status, text]).toEqual([403, expect.stringContaining('graphql-require-preflight')]);
    }
  });

  test('and mutations by POST only', async () => {
    const mutation = `?query=${encodeURIComponent('mutation { signOut { __typename } }')}`;
    const { status, headers } = await send({ method: 'GET', path: mutation, headers: preflight });
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      expect((await send({ method, body: '{}' })).status).toBe(405);
    }
  });

  test.each([
    ['application/x-www-form-urlencoded', 'query=%7B__typename%7D'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n{__typename}\r\n--x--',
    ],
    ['text/plain', JSON.stringify(typename)],
    ['application/graphql', typename.query],
    ['application/xml', '<query/>'],
  ])('but not as %s', async (contentType, body) => {
    const { status, text } = await send({ headers: { 'content-type': contentType }, body });
    expect([status, text]).toEqual([415, expect.not.stringContaining('"data"')]);
  });

  test.each([[[typename]], [[typename, typename]], [Array(10).fill(typename)]])(
    'but not as a batch: %j',
    async (batch) => {
      const { status, text } = await sendJson(batch);
      expect([status, text]).toEqual([400, expect.not.stringContaining('"data"')]);
    },
  );
});

const signInMutation = (password: string) => `mutation {
  signIn(input: { email: "${person.email}", password: "${password}" }) {
    ... on SignInSuccess { token session { ip } } ... on Error { code message } } }`;

test('a response with a token may not be stored, and declares its media type', async () => {
  const { headers } = await sendJson({ query: signInMutation(person.password) });
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  expect(headers.has('access-control-allow-credentials')).toBe(false);
  expect(headers.has('x-powered-by')).toBe(false);
});

test('forwarding headers of a caller are ignored', async () => {
  const spoofed = {
    'x-forwarded-for': '203.0.113.9',
    'x-real-ip': '203.0.113.9',
    forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
  };
  const { text, headers } = await sendJson({ query: signInMutation(person.password) }, spoofed);
  expect(JSON.parse(text).data.signIn.session.ip).toBe('127.0.0.1');
  expect(headers.has('strict-transport-security')).toBe(false);
  expect(`${text}${JSON.stringify([...headers])}`).not.toContain('evil.example');
});

describe('one operation checks credentials once', () => {
  const secret = 'input: { email: "a@people.example", password: "a secret that nobody has" }';
  const change = 'input: { currentPassword: "x", newPassword: "a secret that nobody has" }';

  test.each([
    [`mutation { a: signIn(${secret}) { __typename } b: signIn(${secret}) { __typename } }`],
    [`mutation { signIn(${secret}) { __typename } signUp(${secret}) { __typename } }`],
    [`mutation { signUp(${secret}) { __typename } changePassword(${change}) { __typename } }`],
    [
      `mutation { ...A ...B } fragment A on Mutation { signIn(${secret}) { __typename } } fragment B on Mutation { b: signIn(${secret}) { __typename } }`,
    ],
    [
      `mutation { ...A ... on Mutation { ...A } } fragment A on Mutation { signIn(${secret}) { __typename } }`,
    ],
    [
      `mutation { a: signIn(${secret}) @skip(if: true) { __typename } b: signIn(${secret}) { __typename } }`,
    ],
  ])('or is rejected as a whole, without a hash or a statement: %s', async (query) => {
    const { passwords } = app.app.runtime;
    const { hash, verify } = passwords;
    let hashes = 0;
    passwords.hash = (...args) => {
      hashes += 1;
      return hash(...args);
    };
    passwords.verify = (...args) => {
      hashes += 1;
      return verify(...args);
    };
    app.statements.length = 0;
    const { data, errors } = await app.ask(query, { token: person.token });
    Object.assign(passwords, { hash, verify });
    expect(data).toBeUndefined();
    expect(errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'QUERY_TOO_COMPLEX' }]);
    expect([hashes, app.statements]).toEqual([0, []]);
  });
});
