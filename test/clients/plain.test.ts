import { batchRequests, ClientError, GraphQLClient } from 'graphql-request';
import { createClient } from 'graphql-sse';
import { expect, test } from 'vitest';
import { createPlainClients } from '../../examples/clients/graphql-request.ts';
import { type Data, describeServers, keepRenaming } from './fixture.ts';

const viewer =
  'query Viewer($first: Int) { viewer { user { email } memberships(first: $first) { totalCount } } }';
const auditEvents = 'subscription Audit($id: ID!) { auditEvents(tenantId: $id) { id action } }';

describeServers((stand) => {
  test('graphql-request reads by token and by cookie', async () => {
    for (const headers of [stand.bearer, stand.cookie]) {
      const { requests } = createPlainClients(stand.url, headers);
      const data: Data = await requests.request(viewer, { first: 1 });
      expect(data.viewer.user.email).toBe(stand.team.owner.email);
    }
  });

  test('graphql-request reads by GET with the header that production asks for', async () => {
    const headers = { ...stand.bearer, 'graphql-require-preflight': '1' };
    const client = new GraphQLClient(stand.url, { method: 'GET', headers, jsonSerializer: JSON });
    const data: Data = await client.request(viewer, { first: 1 });
    expect(data.viewer.user.email).toBe(stand.team.owner.email);
  });

  test('graphql-request reads several operations of a document one by one, and a batch is refused with the reason', async () => {
    const { requests } = createPlainClients(stand.url, stand.bearer);
    const data: Data = await requests.request(`query A { viewer { user { email } } }`);
    expect(data.viewer.user.email).toBe(stand.team.owner.email);
    const batch = batchRequests(stand.url, [{ document: viewer }], stand.bearer);
    await expect(batch).rejects.toThrow(/Batching is not supported/);
  });

  test('graphql-request throws what an operation is refused for', async () => {
    const { requests } = createPlainClients(stand.url, {});
    const refused = requests.request('{ tenants(first: 1) { totalCount } }');
    const error = await refused.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      response: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
  });

  test('graphql-request is told what a subscription needs', async () => {
    const { requests } = createPlainClients(stand.url, stand.bearer);
    const asked = requests.request(auditEvents, { id: stand.team.tenantId });
    await expect(asked).rejects.toThrow('accept: text/event-stream');
  });

  test('graphql-sse follows a subscription by token and by cookie', async () => {
    for (const headers of [stand.bearer, stand.cookie]) {
      const { streams } = createPlainClients(stand.url, headers);
      const variables = { id: stand.team.tenantId };
      const following = streams.iterate<Data>({ query: auditEvents, variables });
      const first = following.next();
      await keepRenaming(stand, first);
      expect((await first).value?.data?.auditEvents.action).toBe('tenant.updated');
      await following.return?.();
      await expect.poll(() => stand.app.app.runtime.streams.count()).toBe(0);
    }
  });

  test('graphql-sse is told at once that its one-connection mode is not there', async () => {
    const client = createClient({
      url: stand.url,
      headers: stand.bearer,
      singleConnection: true,
      retryAttempts: 0,
    });
    const following = client.iterate({
      query: auditEvents,
      variables: { id: stand.team.tenantId },
    });
    await expect(following.next()).rejects.toThrow(/405|Method Not Allowed/);
  });
});
