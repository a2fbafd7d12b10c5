import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, type ClientOptions, fetchExchange, gql } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { describe, expect, test } from 'vitest';
import { introspectSchema } from '../../examples/clients/schema-for-caches.ts';
import { createUrqlClient as createExample } from '../../examples/clients/urql.ts';
import {
  countTenants,
  createRecorder,
  type Data,
  describeServers,
  keepRenaming,
  type TestServer,
  withFetch,
} from './fixture.ts';

const viewer = gql`query Viewer { viewer { user { id email } memberships(first: 10) { edges { node { id roles { id key } } } } } }`;
const createTenant = gql`mutation CreateTenant($input: CreateTenantInput!) {
  createTenant(input: $input) { ... on CreateTenantSuccess { tenant { id name } } ... on Error { code message } } }`;
const auditEvents = gql`subscription Audit($id: ID!) { auditEvents(tenantId: $id) { id action } }`;

const schema = introspectSchema(readFileSync('src/schema.graphql', 'utf8'));
const createUrqlClient = (url: string, headers: Record<string, string>) =>
  createExample(url, headers, schema);

describeServers((server) => {
  const create = (fetch: typeof globalThis.fetch, options: Partial<ClientOptions> = {}) =>
    new Client({
      url: server.url,
      exchanges: [fetchExchange],
      fetch,
      fetchOptions: { headers: { ...server.bearer, 'graphql-require-preflight': '1' } },
      ...options,
    });

  const readEmail = async (client: Client) => {
    const { data, error } = await client.query<Data>(viewer, {}, { requestPolicy: 'network-only' });
    expect(error).toBeUndefined();
    return data.viewer.user.email;
  };

  test('a query succeeds with a token and with a cookie, the second time from the cache', async () => {
    for (const headers of [server.bearer, server.cookie]) {
      const recorder = createRecorder();
      await withFetch(recorder.fetch, async () => {
        const client = createUrqlClient(server.url, headers);
        expect(await readEmail(client)).toBe(server.team.owner.email);
        const { data } = await client.query<Data>(viewer, {});
        expect(data.viewer.memberships.edges[0].node.roles[0].key).toBe('owner');
      });
      expect(recorder.sent.map(({ method }) => method)).toEqual(['GET']);
    }
  });

  test.each([
    ['within-url-limit', 'GET'],
    ['force', 'GET'],
    [true, 'GET'],
    [false, 'POST'],
  ] as const)('a query succeeds with preferGetMethod %s', async (preferGetMethod, method) => {
    const recorder = createRecorder();
    expect(await readEmail(create(recorder.fetch, { preferGetMethod }))).toBe(
      server.team.owner.email,
    );
    expect(recorder.sent.map((sent) => sent.method)).toEqual([method]);
  });

  test('a query by GET needs no header on a page of the server or of a listed origin', async () => {
    const listed = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    for (const proof of [{ 'sec-fetch-site': 'same-origin' }, listed]) {
      const fetchOptions = { headers: { ...server.bearer, ...proof } };
      const client = create(globalThis.fetch, { fetchOptions });
      expect(await readEmail(client)).toBe(server.team.owner.email);
    }
  });

  test('a query by GET outside a page is rejected in production with the header it needs', async () => {
    const client = create(globalThis.fetch, { fetchOptions: { headers: server.bearer } });
    const { data, error } = await client.query<Data>(viewer, {});
    if (server.isProduction) expect(error?.message).toContain('graphql-require-preflight');
    else expect(data.viewer.user.email).toBe(server.team.owner.email);
  });

  describe.each([
    ['within-url-limit', ['GET', 'GET', 'GET']],
    ['force', ['GET', 'GET', 'GET']],
    [false, ['POST', 'POST', 'POST']],
  ] as const)('with preferGetForPersistedQueries %s', (preferGetForPersistedQueries, methods) => {
    test('a query is sent as a hash once, and then as text', async () => {
      const recorder = createRecorder();
      const client = create(recorder.fetch, {
        preferGetMethod: preferGetForPersistedQueries,
        exchanges: [persistedExchange({ preferGetForPersistedQueries }), fetchExchange],
      });
      for (let count = 0; count < 2; count += 1) {
        expect(await readEmail(client)).toBe(server.team.owner.email);
      }
      expect(recorder.sent.map(({ method }) => method)).toEqual(methods);
      const isHashed = recorder.sent.map(({ url, body }) =>
        `${url}${body}`.includes('persistedQuery'),
      );
      expect(isHashed).toEqual([true, false, false]);
    });
  });

  test('a mutation whose response is lost is sent again and executed once', async () => {
    const recorder = createRecorder(async (count, send) => {
      const response = await send();
      if (count > 1) return response;
      throw new TypeError('fetch failed: the connection was reset');
    });
    const input = { name: `Once ${randomUUID()}`, idempotencyKey: randomUUID() };
    const { data } = await withFetch(recorder.fetch, async () =>
      createUrqlClient(server.url, server.bearer).mutation<Data>(createTenant, { input }),
    );
    expect(data.createTenant.tenant.name).toBe(input.name);
    expect(await countTenants(server, input.name)).toBe(1);
  });

  test('a mutation without an idempotency key is not sent again', async () => {
    let count = 0;
    const recorder = createRecorder(() => {
      count += 1;
      return Promise.reject(new TypeError('fetch failed'));
    });
    const { error } = await withFetch(recorder.fetch, async () =>
      createUrqlClient(server.url, server.bearer).mutation(createTenant, {
        input: { name: 'Never' },
      }),
    );
    expect([error?.networkError?.message, count]).toEqual(['fetch failed', 1]);
  });

  test('an error of a mutation is a member of its union', async () => {
    const { data } = await createUrqlClient(server.url, server.bearer).mutation<Data>(
      createTenant,
      { input: { name: '' } },
    );
    expect(data.createTenant).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('an operation without permission is an error with its code', async () => {
    const { error } = await createUrqlClient(server.url, {}).query(
      '{ tenants(first: 1) { totalCount } }',
      {},
    );
    expect(error?.graphQLErrors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('a subscription receives events until the session ends', async () => {
    const token = await signInAgain(server);
    const client = createUrqlClient(server.url, { authorization: `Bearer ${token}` });
    const variables = { id: server.team.tenantId };
    const results: Data[] = [];
    const first = new Promise<void>((resolve) => {
      client.subscription<Data>(auditEvents, variables).subscribe((result) => {
        results.push(result);
        resolve();
      });
    });
    await keepRenaming(server, first);
    expect(results[0].data.auditEvents.action).toBe('tenant.updated');
    await server.app.ask('mutation { signOut { __typename } }', { token });
    await expect
      .poll(() => results.at(-1).error?.graphQLErrors[0].extensions.code, { timeout: 10_000 })
      .toBe('UNAUTHENTICATED');
    await expect.poll(() => server.app.app.runtime.streams.count()).toBe(0);
  });
});

async function signInAgain({ app, team }: TestServer): Promise<string> {
  const { email, password } = team.owner;
  const { data } = await app.ask(
    `mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { token } } }`,
    { variables: { input: { email, password } } },
  );
  return data.signIn.token;
}
