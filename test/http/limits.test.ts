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
import { ask, startHttp } from './fixture.ts';

type Server = Awaited<ReturnType<typeof startHttp>>;

// The schema of the product without anything behind it: what is refused is refused before that, and
// of the rest only the fact that it was let through is of interest here.
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

type Outcome = { status: number; isRefused: boolean; message: string; contexts: number };

async function send(server: Server, query: string, variables?: object): Promise<Outcome> {
  const before = server.counts.contexts;
  const { status, body } = await ask(server.port, {
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
    },
    body: JSON.stringify({ query, variables }),
  });
  const [error] = JSON.parse(body).errors ?? [];
  const isRefused = error?.extensions.code === 'QUERY_TOO_COMPLEX';
  if (isRefused) expect(body).not.toMatch(/\d|stack|"data"/);
  return {
    status,
    isRefused,
    message: error?.message ?? '',
    contexts: server.counts.contexts - before,
  };
}

/** What both ways say; they must say the same. */
async function sendBothWays(query: string, variables?: object): Promise<Outcome> {
  const byFast = await send(fast, query, variables);
  const byYoga = await send(yoga, query, variables);
  expect({ ...byFast, message: '' }).toEqual({ ...byYoga, message: '' });
  // Once more: by now an operation that was let through is known.
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

/** Each limit by name: the largest document it lets through, and the smallest it does not. */
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
  test('are let through up to the limit', async () => {
    expect(validate(schema, parse(largest))).toEqual([]);
    const { isRefused, message } = await sendBothWays(largest);
    expect([isRefused, message]).toEqual([false, expect.not.stringContaining('operation')]);
  });

  test('are refused beyond it, before anybody is asked who asks', async () => {
    expect(await sendBothWays(tooLarge)).toMatchObject({
      status: 400,
      isRefused: true,
      contexts: 0,
    });
  });
});

describe('what the product is for is let through', () => {
  const queries: Record<string, string> = {
    'where the caller belongs': inViewer(
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
    'the whole schema, with all there is to ask': getIntrospectionQuery({
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
    expect((await sendBothWays(query, variables)).isRefused).toBe(false);
    // As clients with a cache send it.
    const withTypenames = print(addTypenameToDocument(parse(query)));
    expect((await sendBothWays(withTypenames, variables)).isRefused).toBe(false);
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
  ])('%j decide for each request', async (variables, isRefused) => {
    expect((await sendBothWays(document, variables)).isRefused).toBe(isRefused);
  });

  test('do not make a document be judged or validated again', async () => {
    const text = `${document} # of its own`;
    const before = validations;
    for (const size of [1, 100, 2, 99]) await send(fast, text, { size });
    expect(validations - before).toBe(1);
  });

  test('a refused document is judged once', async () => {
    const before = validations;
    for (let count = 0; count < 3; count += 1) await send(fast, `{ ${aliased(17)} }`);
    expect(validations - before).toBe(1);
  });

  test('a page beyond the largest is left to the field to refuse', async () => {
    const query = '{ tenants(first: 101) { edges { node { id } } } }';
    expect((await sendBothWays(query)).isRefused).toBe(false);
  });
});

test.each([
  ['a fragment by the name of __schema', 'fragment __schema on Query { viewer { user { id } } }'],
  ['a fragment by the name of __proto__', 'fragment __proto__ on Query { viewer { user { id } } }'],
])('%s is measured like any other', async (_, fragment) => {
  const name = fragment.split(' ')[1];
  const deep = fragment.replace(
    '{ user { id } }',
    inViewer('tenant { viewerMembership { tenant { owners { id } } } }').slice(9, -2),
  );
  expect((await sendBothWays(`{ ...${name} } ${fragment}`)).isRefused).toBe(false);
  expect((await sendBothWays(`{ ...${name} } ${deep}`)).isRefused).toBe(true);
});

test('fragments that use each other over and over are measured without following each path', async () => {
  const fragments = repeat(
    60,
    (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`,
  );
  const query = `{ ...F0 } ${fragments} fragment F60 on Query { __typename }`;
  expect((await sendBothWays(query)).isRefused).toBe(true);
});

test('a circle of fragments is refused by validation', async () => {
  const query = '{ ...A } fragment A on Query { ...B } fragment B on Query { __typename ...A }';
  const { status, message } = await sendBothWays(query);
  expect([status, message]).toEqual([400, expect.stringContaining('Cannot spread fragment')]);
});

test('every mutation that takes a secret is one that checks credentials', () => {
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
