import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts';
import { createPerson, createTeam, type Person, type Team } from '../support/people.ts';

let collector: Collector;
let app: TestApp;
let team: Team;
let stranger: Person;
beforeAll(async () => {
  collector = await startCollector();
  app = await startTestApp(collector.environment);
  team = await createTeam(app);
  stranger = await createPerson(app);
});
afterAll(async () => {
  await app.close();
  await collector.close();
});

/** Sends an operation and returns its span, with the spans of its statements. */
async function trace(
  ask: Person['ask'],
  query: string,
  { headers, variables = {} }: { headers?: Record<string, string>; variables?: object } = {},
): Promise<{ span: CollectedSpan; statements: CollectedSpan[] }> {
  const requestId = randomUUID();
  await ask(query, {
    variables: { ...variables },
    headers: { ...headers, 'x-request-id': requestId },
  });
  const span = await collector.findOperation(requestId);
  return { span, statements: collector.listChildren(span) };
}

const tenantQuery = `query Mine($id: ID!) { tenant(id: $id) { name
  memberships(first: 5) { edges { node { user { email } roles { key } } } } } }`;
const updateTenant = `mutation Rename($input: UpdateTenantInput!) {
  updateTenant(input: $input) { __typename ... on Error { message } } }`;

test('an operation is one span with its statements beneath, and none for its fields', async () => {
  const { span, statements } = await trace(team.owner.ask, tenantQuery, {
    variables: { id: team.tenantId },
  });
  expect(span).toMatchObject({ name: 'query tenant', kind: 2, parentSpanId: null });
  expect(span.status.code).toBe(0);
  expect(span.attributes).toEqual({
    'graphql.operation.type': 'query',
    'graphql.operation.name': 'Mine',
    'tenantry.request.id': expect.any(String),
    'tenantry.tenant.id': team.tenantUuid,
  });
  const names = statements.map(({ name }) => name);
  expect(names).toContain('select find_access');
  expect(names.filter((name) => name === 'select find_live_sessions')).toHaveLength(1);
  for (const { kind, attributes } of statements) {
    expect(kind).toBe(3);
    expect(attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.operation.name': expect.stringMatching(/^(select|with)$/),
      'db.query.text': expect.stringContaining('$1'),
    });
  }
  const ofTrace = collector.listSpans().filter(({ traceId }) => traceId === span.traceId);
  expect(ofTrace).toHaveLength(1 + statements.length);
});

test('a transaction has a span for each statement, from begin to commit', async () => {
  const { span, statements } = await trace(team.owner.ask, updateTenant, {
    variables: { input: { tenantId: team.tenantId, name: 'Renamed' } },
  });
  expect(span.name).toBe('mutation updateTenant');
  const names = statements.map(({ name }) => name);
  expect(names.indexOf('begin')).toBeGreaterThan(-1);
  expect(names.indexOf('commit')).toBeGreaterThan(names.indexOf('begin'));
  expect(names.some((name) => name.startsWith('update'))).toBe(true);
});

test('the parent span and the sampling decision of the caller are respected', async () => {
  const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  const { span } = await trace(stranger.ask, '{ viewer { user { id } } }', {
    headers: { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'planted=in-the-state' },
  });
  expect(span).toMatchObject({ traceId, parentSpanId: spanId });
  const unwanted = '5bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${unwanted}-${spanId}-00` };
  await stranger.ask('{ viewer { user { id } } }', { headers });
  // A later span has arrived, so an earlier one would have.
  await trace(stranger.ask, '{ viewer { user { id } } }');
  expect(collector.listSpans().map((one) => one.traceId)).not.toContain(unwanted);
});

test.each(['', '00-0-0-01', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, 'x'.repeat(2_000)])(
  'the invalid traceparent %j is ignored',
  async (traceparent) => {
    const { span } = await trace(stranger.ask, '{ viewer { user { id } } }', {
      headers: { traceparent },
    });
    expect(span.parentSpanId).toBeNull();
  },
);

test('a span has the code of its error, wherever the response contains it', async () => {
  const foreign = { input: { tenantId: team.tenantId, name: 'Stolen' } };
  const cases: [Person['ask'], string, string, object?][] = [
    // As a member of the result.
    [stranger.ask, updateTenant, 'NOT_FOUND', foreign],
    // As a top-level error.
    [app.ask, updateTenant, 'UNAUTHENTICATED', foreign],
    // Before anything runs.
    [stranger.ask, '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    [stranger.ask, '{', 'GRAPHQL_PARSE_FAILED'],
    [stranger.ask, updateTenant, 'BAD_USER_INPUT', { input: { name: 'No tenant' } }],
  ];
  for (const [ask, query, code, variables] of cases) {
    const { span } = await trace(ask, query, variables ? { variables } : {});
    expect(span.status, code).toEqual({ code: 2 });
    expect(span.attributes['error.type']).toBe(code);
    expect(span.attributes).not.toHaveProperty('tenantry.tenant.id');
  }
});

test('a request without an operation has no span, and a syntax error has one without a type', async () => {
  const before = collector.listSpans().length;
  const page = await fetch(`${app.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  await fetch(`${app.url}/healthz`);
  const { span } = await trace(app.ask, '{');
  expect(span.name).toBe('GraphQL Operation');
  expect(collector.listSpans()).toHaveLength(before + 1);
});

test('a statement for many operations belongs to none of them and links to all of them', async () => {
  const ids = Array.from({ length: 12 }, () => randomUUID());
  await Promise.all(
    ids.map((id) =>
      team.owner.ask('{ viewer { user { id } } }', { headers: { 'x-request-id': id } }),
    ),
  );
  const spans = await Promise.all(ids.map(collector.findOperation));
  const checks = collector.listSpans().filter(({ name }) => name === 'select find_live_sessions');
  const alone = checks.filter(({ parentSpanId }) =>
    spans.some(({ spanId }) => spanId === parentSpanId),
  );
  const shared = checks.filter(({ links }) => links.length > 0);
  expect(shared.length).toBeGreaterThan(0);
  for (const { parentSpanId, traceId } of shared) {
    expect(parentSpanId).toBeNull();
    expect(spans.map((span) => span.traceId)).not.toContain(traceId);
  }
  const linked = shared.flatMap(({ links }) => links.map(({ spanId }) => spanId));
  const waited = [...linked, ...alone.map(({ parentSpanId }) => parentSpanId)];
  expect(waited.toSorted()).toEqual(spans.map(({ spanId }) => spanId).toSorted());
});

test('a database error shows its code and not its message', async () => {
  const tenantSlug = team.slug;
  const { statements } = await trace(
    app.ask,
    `mutation ($input: SignUpInput!) { signUp(input: $input) { __typename } }`,
    {
      variables: {
        input: {
          email: 'another@people.example',
          password: 'a harbour without any wind',
          tenantName: 'Again',
          tenantSlug,
        },
      },
    },
  );
  const failed = statements.filter(({ status }) => status.code === 2);
  expect(failed.map(({ attributes }) => attributes['error.type'])).toContain('23505');
  for (const { status } of failed) expect(status).toEqual({ code: 2 });
});
