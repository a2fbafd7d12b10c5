import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import {
  type ConcreteRequest,
  commitMutation,
  Environment,
  fetchQuery,
  Network,
  RecordSource,
  requestSubscription,
  Store,
} from 'relay-runtime';
import { describe, expect, test } from 'vitest';
import { createRelayEnvironment } from '../../examples/clients/relay.ts';
import { type Data, describeServers, keepRenaming } from './fixture.ts';
import compiled from './relay-artifacts.json' with { type: 'json' };

// The output of relay-compiler 21 for three operations. The compiler is not a dependency, because it contains the
// binaries of all platforms (40 MB). It adds ids, __typename, cursors, and __isError for interfaces to the texts.
const artifacts = compiled as unknown as Record<
  'members' | 'createTenant' | 'auditEvents',
  ConcreteRequest
>;

describe('the texts from relay-compiler', () => {
  test.each(Object.entries(artifacts))('of %s are valid against the schema', (_, { params }) => {
    const schema = buildSchema(readFileSync('src/schema.graphql', 'utf8'));
    expect(validate(schema, parse(params.text ?? ''))).toEqual([]);
  });
});

describeServers((server) => {
  test('a query succeeds with a token and with a cookie', async () => {
    for (const headers of [server.bearer, server.cookie]) {
      const environment = createRelayEnvironment(server.url, headers);
      const variables = { slug: server.team.slug, first: 10 };
      const data: Data = await fetchQuery(environment, artifacts.members, variables).toPromise();
      expect(data.tenant.memberships.edges[0].node.user.email).toBe(server.team.owner.email);
    }
  });

  const create = (environment: Environment, name: string) =>
    new Promise<Data>((resolve, reject) => {
      commitMutation(environment, {
        mutation: artifacts.createTenant,
        variables: { input: { name } },
        onCompleted: resolve,
        onError: reject,
      });
    });

  test('a mutation succeeds, and its error is found by the interface', async () => {
    const environment = createRelayEnvironment(server.url, server.bearer);
    const { createTenant } = await create(environment, 'Relay');
    expect(createTenant.tenant.name).toBe('Relay');
    const rejected = await create(environment, '');
    expect(rejected.createTenant).toMatchObject({
      __typename: 'InvalidInputError',
      code: 'BAD_USER_INPUT',
    });
  });

  test('an operation without permission is an error', async () => {
    const environment = createRelayEnvironment(server.url, {});
    await expect(create(environment, 'Nobody')).rejects.toThrow(/sign in/i);
  });

  test('a subscription receives events', async () => {
    const environment = createRelayEnvironment(server.url, server.bearer);
    const first = new Promise<string>((resolve, reject) => {
      const { dispose } = requestSubscription(environment, {
        subscription: artifacts.auditEvents,
        variables: { tenantId: server.team.tenantId },
        onNext: (data: Data) => {
          resolve(data.auditEvents.action);
          queueMicrotask(() => dispose());
        },
        onError: reject,
      });
    });
    await keepRenaming(server, first);
    expect(await first).toBe('tenant.updated');
    await expect.poll(() => server.app.app.runtime.streams.count()).toBe(0);
  });

  test('an id instead of the document gets an error that makes the client send the document', async () => {
    const network = Network.create(async ({ id, text }, variables) => {
      const send = async (body: object) => {
        const response = await fetch(server.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...server.bearer },
          body: JSON.stringify({ ...body, variables }),
        });
        return await response.json();
      };
      const result = await send({ documentId: id });
      const code = result.errors?.[0]?.extensions.code;
      return code === 'PERSISTED_QUERY_NOT_SUPPORTED' ? send({ query: text }) : result;
    });
    const environment = new Environment({ network, store: new Store(new RecordSource()) });
    const { members } = artifacts;
    const persisted = { ...members, params: { ...members.params, id: 'an-id' } } as ConcreteRequest;
    const variables = { slug: server.team.slug, first: 10 };
    const data: Data = await fetchQuery(environment, persisted, variables).toPromise();
    expect(data.tenant.name).toBeDefined();
  });
});
