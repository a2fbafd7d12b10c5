import { addTypenameToDocument } from '@apollo/client/utilities';
import {
  getIntrospectionQuery,
  getNamedType,
  isInputObjectType,
  parse,
  print,
  validate,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listExamples } from '../../src/http/dev/example-queries.ts';
import { isCredentialMutation } from '../../src/http/graphql/limits/credential-mutations.ts';
import { schema } from '../../src/schema.ts';
import { sendRequest, startHttp } from './fixture.ts';

type Server = Awaited<ReturnType<typeof startHttp>>;

// The real schema without a database: a rejected document never needs one, and of an accepted document only the
// fact that it was accepted matters here.
let fast: Server;
let yoga: Server;
let validations = 0;

beforeAll(async () => {
  const countValidations = {
    onValidate({ validateFn, setValidationFn }: OnValidate) {
      setValidationFn((...args) => {
        validations += 1;
        return validateFn(...args);
      });
    },
  };
  fast = await startHttp({ schema, plugins: [countValidations] });
  yoga = await startHttp({ schema, hasFastJson: false });
});

afterAll(() => Promise.all([fast.close(), yoga.close()]));

// biome-ignore lint/suspicious/noExplicitAny: Envelop's own type says the same.
type ValidateFn = (...args: any[]) => any;
type OnValidate = { validateFn: ValidateFn; setValidationFn: (fn: ValidateFn) => void };

type Outcome = { status: number; isRejected: boolean; message: string; contexts: number };

async function send(server: Server, query: string, variables?: object): Promise<Outcome> {
  const before = server.counts.contexts;
  const { status, body } = await sendRequest(server.port, {
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
    },
    body: JSON.stringify({ query, variables }),
  });
  const [error] = JSON.parse(body).errors ?? [];
  const isRejected = error?.extensions.code === 'QUERY_TOO_COMPLEX';
  if (isRejected) expect(body).not.toMatch(/\d|stack|"data"/);
  return {
    status,
    isRejected,
    message: error?.message ?? '',
    contexts: server.counts.contexts - before,
  };
}

/** The outcome on both paths, which must be the same. */
async function sendOnBothPaths(query: string, variables?: object): Promise<Outcome> {
  const byFast = await send(fast, query, variables);
  const byYoga = await send(yoga, query, variables);
  expect({ ...byFast, message: '' }).toEqual({ ...byYoga, message: '' });
  // Once more: by now an accepted operation is cached.
  expect(await send(fast, query, variables)).toEqual(byFast);
  return byFast;
}

const repeat = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => write(index)).join(' ');

const onQuery = (count: number, text: string) =>
  `fragment A on Query { ${repeat(count, () => text)} }`;
const skip = '@skip(if: false)';
const aliased = (count: number) => repeat(count, (index) => `a${index}: __typename`);
const inViewer = (path: string) => `{ viewer { memberships { edges { node { ${path} } } } } }`;
const schemas = (count: number) => repeat(count, (index) => `a${index}: __schema { description }`);

const tenantPage = `fragment T on TenantConnection {
  edges { node { memberships(first: 1) { edges { node { id } } } } } }`;

/** Each limit by name, with the largest document that it accepts and the smallest that it rejects. */
const limits: Record<string, [largest: string, tooLarge: string]> = {
  aliases: [
    `{ viewer { user { ${repeat(15, (index) => `a${index}: email`)} } } }`,
    `{ viewer { user { ${repeat(16, (index) => `a${index}: email`)} } } }`,
  ],
  'aliases of __typename': [`{ ${aliased(15)} }`, `{ ${aliased(16)} }`],
  'aliases in a fragment, for each use': [
    `{ ...A ...A ...A } fragment A on Query { ${aliased(5)} }`,
    `{ ...A ...A ...A a: __typename } fragment A on Query { ${aliased(5)} }`,
  ],
  'fields at the top level': [
    `{ ${repeat(20, () => '__typename')} }`,
    `{ ${repeat(21, () => '__typename')} }`,
  ],
  'fields at the top level, in fragments': [
    `{ ...A ... on Query { ...A } } ${onQuery(10, '__typename')}`,
    `{ ...A ... on Query { ...A __typename } } ${onQuery(10, '__typename')}`,
  ],
  directives: [
    `{ ${repeat(5, () => '__typename @include(if: true)')} }`,
    `{ ${repeat(6, () => '__typename @include(if: true)')} }`,
  ],
  'directives on and in fragments': [
    `{ ...A ${skip} ... ${skip} { ...A } __typename ${skip} } ${onQuery(1, `__typename ${skip}`)}`,
    `{ ...A ${skip} ... ${skip} { ...A ${skip} } a ${skip} } ${onQuery(1, `__typename ${skip}`)}`,
  ],
  'depth of nesting': [
    inViewer('tenant { viewerMembership { user { id } } }'),
    inViewer('tenant { viewerMembership { tenant { viewerMembership { id } } } }'),
  ],
  'depth of nesting, in fragments': [
    `${inViewer('...M')} fragment M on Membership { tenant { viewerMembership { user { id } } } }`,
    `${inViewer('...M')} fragment M on Membership { tenant { viewerMembership { tenant { owners { id } } } } }`,
  ],
  'tokens of the document': [
    `{ users(where: { metadata: { a: [${repeat(980, () => '1')}] } }) { totalCount } }`,
    `{ users(where: { metadata: { a: [${repeat(981, () => '1')}] } }) { totalCount } }`,
  ],
  'cost, by the ids that are given': [
    `{ nodes(ids: [${repeat(454, () => '"a"')}]) { id } }`,
    `{ nodes(ids: [${repeat(455, () => '"a"')}]) { id } }`,
  ],
  'cost, by introspection beside data': [
    `{ ${schemas(4)} permissions { key } }`,
    `{ ${schemas(5)} permissions { key } }`,
  ],
  'cost, by pages in pages': [
    '{ tenants(first: 100) { edges { node { memberships(first: 1) { edges { node { id } } } } } } }',
    '{ tenants(first: 100) { edges { node { memberships(first: 10) { edges { node { id } } } } } } }',
  ],
  'cost, by one fragment in pages of several sizes': [
    `{ a: tenants(first: 1) { ...T } b: tenants(first: 100) { ...T } } ${tenantPage}`,
    `{ a: tenants(first: 1) { ...T } b: tenants(first: 99) { ...T } c: tenants(first: 98) { ...T } } ${tenantPage}`,
  ],
  'cost, by counting in a list': [
    '{ tenants(first: 10) { edges { node { memberships(first: 1) { totalCount } } } } }',
    '{ tenants(first: 80) { edges { node { memberships(first: 1) { totalCount } } } } }',
  ],
  'mutations that check credentials': [
    'mutation { signIn(input: { email: "a", password: "b" }) { __typename } signOut { __typename } }',
    'mutation { signIn(input: { email: "a", password: "b" }) { __typename } a: signIn(input: { email: "a", password: "c" }) { __typename } }',
  ],
  'mutations that check credentials, in fragments': [
    'mutation { ...A } fragment A on Mutation { changePassword(input: { currentPassword: "a", newPassword: "b" }) { __typename } }',
    'mutation { ...A signUp(input: { email: "a", password: "b" }) { __typename } } fragment A on Mutation { changePassword(input: { currentPassword: "a", newPassword: "b" }) { __typename } }',
  ],
};

describe.each(Object.entries(limits))('%s', (_, [largest, tooLarge]) => {
  test('a document up to the limit is accepted', async () => {
    expect(validate(schema, parse(largest))).toEqual([]);
    const { isRejected, message } = await sendOnBothPaths(largest);
    expect([isRejected, message]).toEqual([false, expect.not.stringContaining('operation')]);
  });

  test('a document beyond the limit is rejected before the caller is authenticated', async () => {
    expect(await sendOnBothPaths(tooLarge)).toMatchObject({
      status: 400,
      isRejected: true,
      contexts: 0,
    });
  });
});

describe('a document of a typical client is accepted', () => {
  const queries: Record<string, string> = {
    'the tenants of the caller': inViewer(
      'tenant { id name slug } roles { id key name } permissions',
    ),
    'a hundred tenants with owners and member count': `{ tenants(first: 100) {
      edges { cursor node { id name slug status createdAt memberCount owners { id name email } } }
      pageInfo { hasNextPage endCursor } } }`,
    'a hundred members with roles and last sign-in': `query ($id: ID!, $after: String) {
      tenant(id: $id) { name memberships(first: 100, after: $after) {
      edges { cursor node { id isActive joinedAt user { id email name avatarUrl }
        roles { id key name } lastSignInAt permissions } }
      pageInfo { hasNextPage endCursor } totalCount } } }`,
    'five hundred permission checks': `query ($checks: [PermissionCheckInput!]!) {
      checkPermissions(checks: $checks) { tenantId permission allowed reason } }`,
    'a hundred objects by id': `query ($ids: [ID!]!) { nodes(ids: $ids) {
      id ... on User { email } ... on Tenant { slug } } }`,
    'the whole schema, with every introspection option': getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    }),
  };
  const examples = listExamples(null).map(({ query }) => [
    /\b(?:query|mutation|subscription) \w+/.exec(query)?.[0],
    query,
  ]);
  test.each([...Object.entries(queries), ...examples])('%s', async (_, query = '') => {
    expect(validate(schema, parse(query))).toEqual([]);
    const variables = { ids: Array(100).fill('a'), checks: Array(500).fill({}), token: 'a' };
    expect((await sendOnBothPaths(query, variables)).isRejected).toBe(false);
    // As sent by clients with a cache.
    const withTypenames = print(addTypenameToDocument(parse(query)));
    expect((await sendOnBothPaths(withTypenames, variables)).isRejected).toBe(false);
  });
});

describe('sizes in variables', () => {
  const document = `query ($size: Int, $other: Int = 100) {
    tenants(first: $size) { edges { node { memberships(last: $other) { edges { node { id } } } } } } }`;

  test.each([
    [{ size: 5, other: 5 }, false],
    [{ size: 100, other: 5 }, false],
    [{ size: 100, other: 10 }, true],
    [{ size: 5 }, false],
    [{ size: 60 }, true],
    [{ other: 3 }, false],
    [{ other: null }, false],
    [{ size: null, other: 100 }, true],
    [{ size: -1_000_000, other: 100 }, false],
    [{ size: 1_000_000, other: 1_000_000 }, true],
  ])('%j decide per request', async (variables, isRejected) => {
    expect((await sendOnBothPaths(document, variables)).isRejected).toBe(isRejected);
  });

  test('do not cause a document to be validated again', async () => {
    const text = `${document} # of its own`;
    const before = validations;
    for (const size of [1, 100, 2, 99]) await send(fast, text, { size });
    expect(validations - before).toBe(1);
  });

  test('in a rejected document do not matter, and it is validated once', async () => {
    const before = validations;
    for (let count = 0; count < 3; count += 1) await send(fast, `{ ${aliased(17)} }`);
    expect(validations - before).toBe(1);
  });

  test('above the largest page are rejected by the field, not by the limits', async () => {
    const query = '{ tenants(first: 101) { edges { node { id } } } }';
    expect((await sendOnBothPaths(query)).isRejected).toBe(false);
  });
});

test.each([
  ['a fragment named __schema', 'fragment __schema on Query { viewer { user { id } } }'],
  ['a fragment named __proto__', 'fragment __proto__ on Query { viewer { user { id } } }'],
])('%s is measured like any other', async (_, fragment) => {
  const name = fragment.split(' ')[1];
  const deep = fragment.replace(
    '{ user { id } }',
    inViewer('tenant { viewerMembership { tenant { owners { id } } } }').slice(9, -2),
  );
  expect((await sendOnBothPaths(`{ ...${name} } ${fragment}`)).isRejected).toBe(false);
  expect((await sendOnBothPaths(`{ ...${name} } ${deep}`)).isRejected).toBe(true);
});

test('fragments that use each other repeatedly are measured without following each path', async () => {
  const fragments = repeat(
    60,
    (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`,
  );
  const query = `{ ...F0 } ${fragments} fragment F60 on Query { __typename }`;
  expect((await sendOnBothPaths(query)).isRejected).toBe(true);
});

test('a cycle of fragments is rejected by validation', async () => {
  const query = '{ ...A } fragment A on Query { ...B } fragment B on Query { __typename ...A }';
  const { status, message } = await sendOnBothPaths(query);
  expect([status, message]).toEqual([400, expect.stringContaining('Cannot spread fragment')]);
});

test('every mutation that takes a secret is listed as a credential mutation', () => {
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  const takeSecrets = mutations.filter(({ args }) =>
    args.some(({ type }) => {
      const input = getNamedType(type);
      const fields = isInputObjectType(input) ? Object.keys(input.getFields()) : [];
      return fields.some((name) => /password|token|secret|code$/i.test(name));
    }),
  );
  expect(takeSecrets.length).toBeGreaterThanOrEqual(3);
  expect(takeSecrets.map(({ name }) => name).filter((name) => !isCredentialMutation(name))).toEqual(
    [],
  );
});
