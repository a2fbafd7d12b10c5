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

// What relay-compiler 21 made of three operations; it is no package of ours, because it brings the programs of all
// platforms along (40 MB). In their texts stands what it adds: ids, __typename, cursors, and __isError for interfaces.
const artifacts = compiled as unknown as Record<
  'members' | 'createTenant' | 'auditEvents',
  ConcreteRequest
>;

describe('the texts that relay-compiler made', () => {
  test.each(Object.entries(artifacts))('of %s fit the schema', (_, { params }) => {
    const schema = buildSchema(readFileSync('src/schema.graphql', 'utf8'));
    expect(validate(schema, parse(params.text ?? ''))).toEqual([]);
  });
});

describeServers((stand) => {
  test('reads by token and by cookie', async () => {
    for (const headers of [stand.bearer, stand.cookie]) {
      const environment = createRelayEnvironment(stand.url, headers);
      const variables = { slug: stand.team.slug, first: 10 };
      const data: Data = await fetchQuery(environment, artifacts.members, variables).toPromise();
      expect(data.tenant.memberships.edges[0].node.user.email).toBe(stand.team.owner.email);
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

  test('changes, and finds an error of a mutation by its interface', async () => {
    const environment = createRelayEnvironment(stand.url, stand.bearer);
    const { createTenant } = await create(environment, 'Relay');
    expect(createTenant.tenant.name).toBe('Relay');
    const refused = await create(environment, '');
    expect(refused.createTenant).toMatchObject({
      __typename: 'InvalidInputError',
      code: 'BAD_USER_INPUT',
    });
  });

  test('an operation that may not be done is an error', async () => {
    const environment = createRelayEnvironment(stand.url, {});
    await expect(create(environment, 'Nobody')).rejects.toThrow(/sign in/i);
  });

  test('follows a subscription', async () => {
    const environment = createRelayEnvironment(stand.url, stand.bearer);
    const first = new Promise<string>((resolve, reject) => {
      const { dispose } = requestSubscription(environment, {
        subscription: artifacts.auditEvents,
        variables: { tenantId: stand.team.tenantId },
        onNext: (data: Data) => {
          resolve(data.auditEvents.action);
          queueMicrotask(() => dispose());
        },
        onError: reject,
      });
    });
    await keepRenaming(stand, first);
    expect(await first).toBe('tenant.updated');
    await expect.poll(() => stand.app.app.runtime.streams.count()).toBe(0);
  });

  test('an id in the place of a text is refused by name, so that the text can be sent', async () => {
    const network = Network.create(async ({ id, text }, variables) => {
      const send = async (body: object) => {
        const response = await fetch(stand.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...stand.bearer },
          body: JSON.stringify({ ...body, variables }),
        });
        return await response.json();
      };
      const answer = await send({ documentId: id });
      const code = answer.errors?.[0]?.extensions.code;
      return code === 'PERSISTED_QUERY_NOT_SUPPORTED' ? send({ query: text }) : answer;
    });
    const environment = new Environment({ network, store: new Store(new RecordSource()) });
    const { members } = artifacts;
    const persisted = { ...members, params: { ...members.params, id: 'an-id' } } as ConcreteRequest;
    const variables = { slug: stand.team.slug, first: 10 };
    const data: Data = await fetchQuery(environment, persisted, variables).toPromise();
    expect(data.tenant.name).toBeDefined();
  });
});
