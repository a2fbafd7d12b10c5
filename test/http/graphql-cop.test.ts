import { beforeAll, describe, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { createPerson } from '../support/people.ts';

// The checks of graphql-cop 1.15, a security auditor for GraphQL servers, with its own criteria: its twelve and
// the one that it disables (field duplication). Each returns true if graphql-cop would report an issue.

const app = describeApp({
  NODE_ENV: 'production',
  TENANTRY_SECRET: 'a secret of more than thirty-two characters',
});
const headers: Record<string, Record<string, string>> = { anonymous: {} };

beforeAll(async () => {
  const { token } = await createPerson(app);
  headers['with a token'] = { authorization: `Bearer ${token}` };
});

// biome-ignore lint/suspicious/noExplicitAny: checks read responses of any shape.
type Reply = { status: number; text: string; json: any };
type Send = (init: RequestInit, params?: Record<string, string>) => Promise<Reply>;

function createSend(own: Record<string, string>): Send {
  return async ({ headers: more, ...init }, params = {}) => {
    const url = new URL(`${app.url}/graphql`);
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    const response = await fetch(url, {
      ...init,
      headers: { ...own, ...Object.fromEntries(new Headers(more)) },
    });
    const text = await response.text();
    try {
      return { status: response.status, text, json: JSON.parse(text) };
    } catch {
      return { status: response.status, text, json: undefined };
    }
  };
}

const postJson = (send: Send, body: unknown) =>
  send({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const post = (send: Send, query: string) => postJson(send, { query, operationName: 'cop' });

const many = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => write(index)).join('');

const checks: Record<string, (send: Send) => Promise<boolean>> = {
  'Alias Overloading': async (send) => {
    const { json } = await post(
      send,
      `query cop { ${many(101, (i) => `alias${i}:__typename \n`)} }`,
    );
    return Boolean(json?.data?.alias100);
  },
  'Array-based Query Batching': async (send) => {
    const { json } = await postJson(send, Array(10).fill({ query: 'query cop { __typename }' }));
    return Array.isArray(json) && json.length >= 10;
  },
  'Introspection-based Circular Query': async (send) => {
    const circle = `${'fields { type { '.repeat(4)}name${' } }'.repeat(4)}`;
    const { json } = await post(send, `query cop { __schema { types { ${circle} } } }`);
    return (json?.data?.__schema?.types?.length ?? 0) > 25;
  },
  'Directive Overloading': async (send) => {
    const { json } = await post(send, `query cop { __typename ${'@aa'.repeat(10)} }`);
    return json?.errors?.length === 10;
  },
  'Field Duplication': async (send) => {
    const { json } = await post(send, `query cop { ${'__typename \n'.repeat(500)} }`);
    return Boolean(json?.data?.__typename);
  },
  'Field Suggestions': async (send) => {
    const { text } = await post(send, 'query cop { __schema { directive } }');
    return text.includes('Did you mean');
  },
  Introspection: async (send) => {
    const { json } = await post(send, 'query cop { __schema { types { name fields { name } } } }');
    return Boolean(json?.data?.__schema?.types);
  },
  'GraphQL IDE': async (send) => {
    const { text } = await send({ headers: { accept: 'text/html' } });
    return /graphiql\.min\.css|GraphQL Playground|GraphiQL|graphql-playground/.test(text);
  },
  'GET Method Query Support': async (send) => {
    const { json } = await send({}, { query: 'query cop {__typename}' });
    return Boolean(json?.data?.__typename);
  },
  'Mutation is allowed over GET': async (send) => {
    const { json } = await send({}, { query: 'mutation cop {__typename}' });
    return Boolean(json?.data?.__typename);
  },
  'POST based url-encoded query': async (send) => {
    const body = new URLSearchParams({ query: 'query cop { __typename }' });
    const { json } = await send({ method: 'POST', body });
    return Boolean(json?.data?.__typename);
  },
  'Trace Mode': async (send) => {
    const { json, text } = await post(send, 'query cop { __typename }');
    return json?.errors?.[0]?.extensions?.tracing !== undefined || text.includes('tracing');
  },
  'Unhandled Errors Detection': async (send) => {
    const { json, text } = await post(send, 'qwerty cop { abc }');
    return json?.errors?.[0]?.extensions?.exception !== undefined || text.includes('exception');
  },
};

describe.each(['anonymous', 'with a token'])('%s', (caller) => {
  test('the server is detected as GraphQL, so the checks are meaningful', async () => {
    const { json } = await post(createSend(headers[caller] ?? {}), 'query cop { __typename }');
    expect(json).toEqual({ data: { __typename: 'Query' } });
  });

  test.each(Object.entries(checks))('graphql-cop reports no issue: %s', async (_, check) => {
    expect(await check(createSend(headers[caller] ?? {}))).toBe(false);
  });
});
