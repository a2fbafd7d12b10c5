import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { expect, test } from 'vitest';
import { createApolloClient as createExample } from '../../examples/clients/apollo.ts';
import { listPossibleTypes } from '../../examples/clients/schema-for-caches.ts';
import {
  countTenants,
  createRecorder,
  type Data,
  describeServers,
  keepRenaming,
  withFetch,
} from './fixture.ts';

const viewer = gql`query Viewer { viewer { user { id email } memberships(first: 10) { edges { node { id roles { key } } } } } }`;
const createTenant = gql`mutation CreateTenant($input: CreateTenantInput!) {
  createTenant(input: $input) { ... on CreateTenantSuccess { tenant { id name } } ... on Error { code message } } }`;
const auditEvents = gql`subscription Audit($id: ID!) { auditEvents(tenantId: $id) { id action } }`;

const possibleTypes = listPossibleTypes(readFileSync('src/schema.graphql', 'utf8'));
const createApolloClient = (url: string, headers: Record<string, string>) =>
  createExample(url, headers, possibleTypes);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describeServers((server) => {
  /** Creates a client with the links of a test and a recording fetch. */
  const create = (
    { fetch }: { fetch: typeof globalThis.fetch },
    {
      links = [],
      headers = server.bearer,
      ...http
    }: { links?: ApolloLink[]; headers?: Record<string, string>; useGETForQueries?: boolean } = {},
  ) =>
    new ApolloClient({
      link: ApolloLink.from([...links, new HttpLink({ uri: server.url, fetch, headers, ...http })]),
      cache: new InMemoryCache({ possibleTypes }),
      clientAwareness: { name: 'web', version: '1.0' },
    });

  const ownEmail = () => server.team.owner.email;

  test('a query succeeds with a token and with a cookie', async () => {
    for (const headers of [server.bearer, server.cookie]) {
      const { data } = await createApolloClient(server.url, headers).query<Data>({ query: viewer });
      expect(data.viewer.user.email).toBe(ownEmail());
      expect(data.viewer.memberships.edges[0].node.roles[0].key).toBe('owner');
    }
  });

  test('a query succeeds by GET', async () => {
    const recorder = createRecorder();
    for (const headers of [server.bearer, server.cookie]) {
      const client = create(recorder, { useGETForQueries: true, headers });
      const { data } = await client.query<Data>({ query: viewer });
      expect(data.viewer.user.email).toBe(ownEmail());
    }
    expect(recorder.sent.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test.each([
    ['by POST', false, false, ['POST', 'POST', 'POST']],
    ['by GET', true, false, ['GET', 'POST', 'POST']],
    ['by GET, and queries too', true, true, ['GET', 'GET', 'GET']],
  ])('a query is sent as a hash once %s, and then as text', async (_, hashes, queries, methods) => {
    const recorder = createRecorder();
    const links = [new PersistedQueryLink({ sha256, useGETForHashedQueries: hashes })];
    const client = create(recorder, { links, useGETForQueries: queries });
    for (let count = 0; count < 2; count += 1) {
      const { data } = await client.query<Data>({ query: viewer, fetchPolicy: 'network-only' });
      expect(data.viewer.user.email).toBe(ownEmail());
    }
    expect(recorder.sent.map(({ method }) => method)).toEqual(methods);
    const isHashed = recorder.sent.map(({ url, body }) =>
      `${url}${body}`.includes('persistedQuery'),
    );
    expect(isHashed).toEqual([true, false, false]);
  });

  test('a mutation sent as a hash is repeated once, as text', async () => {
    const recorder = createRecorder();
    const client = create(recorder, { links: [new PersistedQueryLink({ sha256 })] });
    const { data } = await client.mutate<Data>({
      mutation: createTenant,
      variables: { input: { name: 'Hashed' } },
    });
    expect(data.createTenant.tenant.name).toBe('Hashed');
    expect(recorder.sent).toHaveLength(2);
  });

  test('a batch is rejected with the reason', async () => {
    const recorder = createRecorder();
    const link = new BatchHttpLink({
      uri: server.url,
      fetch: recorder.fetch,
      headers: server.bearer,
    });
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    await expect(client.query({ query: viewer })).rejects.toThrow(/Batching is not supported/);
    const both = await Promise.allSettled([
      client.query({ query: viewer, fetchPolicy: 'network-only' }),
      client.query({ query: gql`{ __typename }`, fetchPolicy: 'network-only' }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(recorder.sent.map(({ status }) => status)).toEqual([400, 400]);
  });

  test('a mutation whose response is lost is sent again and executed once', async () => {
    const recorder = createRecorder(async (count, send) => {
      const response = await send();
      if (count > 1) return response;
      throw new TypeError('fetch failed: the connection was reset');
    });
    const input = { name: `Once ${randomUUID()}`, idempotencyKey: randomUUID() };
    const { data } = await withFetch(recorder.fetch, () =>
      createApolloClient(server.url, server.bearer).mutate<Data>({
        mutation: createTenant,
        variables: { input },
      }),
    );
    expect(data.createTenant.tenant.name).toBe(input.name);
    expect(await countTenants(server, input.name)).toBe(1);
  });

  test('a mutation without an idempotency key is not sent again', async () => {
    const recorder = createRecorder(() => Promise.reject(new TypeError('fetch failed')));
    const mutation = withFetch(recorder.fetch, () =>
      createApolloClient(server.url, server.bearer).mutate({
        mutation: createTenant,
        variables: { input: { name: 'Never' } },
      }),
    );
    await expect(mutation).rejects.toThrow('fetch failed');
    expect(await countTenants(server, 'Never')).toBe(0);
  });

  test('a query is sent again to a busy server', async () => {
    const recorder = createRecorder(async (count, send) =>
      count > 1
        ? send()
        : new Response('{"errors":[{"message":"busy","extensions":{"code":"UNAVAILABLE"}}]}', {
            status: 503,
            headers: { 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' },
          }),
    );
    const { data } = await withFetch(recorder.fetch, () =>
      createApolloClient(server.url, server.bearer).query<Data>({ query: viewer }),
    );
    expect(data.viewer.user.email).toBe(ownEmail());
  });

  test('an error of a mutation is a member of its union', async () => {
    const { data } = await createApolloClient(server.url, server.bearer).mutate<Data>({
      mutation: createTenant,
      variables: { input: { name: '' } },
    });
    expect(data.createTenant).toMatchObject({
      __typename: 'InvalidInputError',
      code: 'BAD_USER_INPUT',
    });
  });

  test('an operation without permission is rejected with its code', async () => {
    const client = createApolloClient(server.url, {});
    const rejected = client.query({ query: gql`{ tenants(first: 1) { totalCount } }` });
    await expect(rejected).rejects.toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('a client that supports @defer can query, and gets an error for @defer', async () => {
    const recorder = createRecorder();
    const client = new ApolloClient({
      link: new HttpLink({ uri: server.url, fetch: recorder.fetch, headers: server.bearer }),
      cache: new InMemoryCache(),
      incrementalHandler: new Defer20220824Handler(),
    });
    const { data } = await client.query<Data>({ query: viewer });
    expect(data.viewer.user.email).toBe(ownEmail());
    const query = gql`{ viewer { user { id } ... @defer { memberships(first: 1) { totalCount } } } }`;
    await expect(client.query({ query })).rejects.toThrow('Unknown directive "@defer"');
    expect(recorder.sent[1]?.headers.get('accept')).toContain('multipart/mixed;deferSpec=20220824');
  });

  test.each([['POST'], ['GET']])('a subscription by %s receives events', async (method) => {
    const recorder = createRecorder();
    const client = create(recorder, { useGETForQueries: method === 'GET' });
    const first = new Promise((resolve, reject) => {
      const variables = { id: server.team.tenantId };
      const following = client.subscribe<Data>({ query: auditEvents, variables }).subscribe({
        next: ({ data, error }) => {
          if (error) reject(error);
          else resolve(data.auditEvents.action);
          following.unsubscribe();
        },
        error: reject,
      });
    });
    await keepRenaming(server, first);
    expect(await first).toBe('tenant.updated');
    expect(recorder.sent[0]).toMatchObject({ method, status: 200 });
    await expect.poll(() => server.app.app.runtime.streams.count()).toBe(0);
  });

  test('a subscription without permission ends with its code', async () => {
    const ended = new Promise((resolve, reject) => {
      createApolloClient(server.url, {})
        .subscribe({ query: auditEvents, variables: { id: server.team.tenantId } })
        .subscribe({
          next: ({ error }) => resolve(error),
          error: resolve,
          complete: () => reject(new Error('silence')),
        });
    });
    expect(await ended).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });
});
