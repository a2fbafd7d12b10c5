import { batchRequests, ClientError, GraphQLClient } from 'graphql-request';
import { createClient } from 'graphql-sse';
import { expect, test } from 'vitest';
import { createPlainClients } from '../../examples/clients/graphql-request.ts';
import { type Data, describeServers, keepRenaming } from './fixture.ts';

const viewer =
  'query Viewer($first: Int) { viewer { user { email } memberships(first: $first) { totalCount } } }';
const auditEvents = 'subscription Audit($id: ID!) { auditEvents(tenantId: $id) { id action } }';

describeServers((server) => {
  test('a query of graphql-request succeeds with a token and with a cookie', async () => {
    for (const headers of [server.bearer, server.cookie]) {
      const { requests } = createPlainClients(server.url, headers);
      const data: Data = await requests.request(viewer, { first: 1 });
      expect(data.viewer.user.email).toBe(server.team.owner.email);
    }
  });

  test('a query of graphql-request by GET succeeds with the header that production requires', async () => {
    const headers = { ...server.bearer, 'graphql-require-preflight': '1' };
    const client = new GraphQLClient(server.url, { method: 'GET', headers, jsonSerializer: JSON });
    const data: Data = await client.request(viewer, { first: 1 });
    expect(data.viewer.user.email).toBe(server.team.owner.email);
  });

  test('a single operation of graphql-request succeeds, and a batch is rejected with the reason', async () => {
    const { requests } = createPlainClients(server.url, server.bearer);
    const data: Data = await requests.request(`query A { viewer { user { email } } }`);
    expect(data.viewer.user.email).toBe(server.team.owner.email);
    const batch = batchRequests(server.url, [{ document: viewer }], server.bearer);
    await expect(batch).rejects.toThrow(/Batching is not supported/);
  });

  test('graphql-request throws the error of a rejected operation', async () => {
    const { requests } = createPlainClients(server.url, {});
    const rejected = requests.request('{ tenants(first: 1) { totalCount } }');
    const error = await rejected.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      response: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
  });

  test('a subscription of graphql-request is rejected with the header it needs', async () => {
    const { requests } = createPlainClients(server.url, server.bearer);
    const response = requests.request(auditEvents, { id: server.team.tenantId });
    await expect(response).rejects.toThrow('accept: text/event-stream');
  });

  test('a subscription of graphql-sse receives events with a token and with a cookie', async () => {
    for (const headers of [server.bearer, server.cookie]) {
      const { streams } = createPlainClients(server.url, headers);
      const variables = { id: server.team.tenantId };
      const following = streams.iterate<Data>({ query: auditEvents, variables });
      const first = following.next();
      await keepRenaming(server, first);
      expect((await first).value?.data?.auditEvents.action).toBe('tenant.updated');
      await following.return?.();
      await expect.poll(() => server.app.app.runtime.streams.count()).toBe(0);
    }
  });

  test('the single-connection mode of graphql-sse is rejected at once', async () => {
    const client = createClient({
      url: server.url,
      headers: server.bearer,
      singleConnection: true,
      retryAttempts: 0,
    });
    const following = client.iterate({
      query: auditEvents,
      variables: { id: server.team.tenantId },
    });
    await expect(following.next()).rejects.toThrow(/405|Method Not Allowed/);
  });
});
