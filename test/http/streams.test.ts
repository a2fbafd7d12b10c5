import { beforeAll, expect, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { describeApp } from '../support/describe-app.ts';
import { createPerson, createTeam, type Person, type Team } from '../support/people.ts';
import { follow } from '../support/streams.ts';

const app = describeApp({
  STREAMS_PER_CALLER_MAX: '2',
  STREAMS_MAX: '3',
  CORS_ORIGINS: 'https://app.example.com',
});
let team: Team;
beforeAll(async () => {
  team = await createTeam(app);
});

const viewerEvents = 'subscription { viewerEvents { type } }';
const followViewer = ({ token }: Pick<Person, 'token'>, headers = {}) =>
  follow(app.url, viewerEvents, { token, headers });
const waitForNoStreams = () => waitUntil(async () => app.app.runtime.streams.count() === 0);

test('one caller has a limited number of streams, and other callers can still open theirs', async () => {
  const [own, other] = [team.owner, await createPerson(app)];
  const open = [await followViewer(own), await followViewer(own), await followViewer(other)];
  const [rejection] = await (await followViewer(own)).rest();
  expect(rejection?.errors?.[0]?.extensions).toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterSeconds: 5,
  });
  await open[2]?.leave();
  await waitUntil(async () => app.app.runtime.streams.count() === 2);
  const [third] = await (await followViewer(own)).rest();
  expect(third?.errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED' });
  for (const stream of open) await stream.leave();
  await waitForNoStreams();
});

test('a stream tells proxies not to store or buffer it, and sends heartbeats', async () => {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${team.owner.token}`,
    },
    body: JSON.stringify({ query: viewerEvents }),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  expect(response.headers.get('content-encoding')).toBeNull();
  const reader = response.body?.getReader();
  const texts = [];
  // The first comment comes at once, the second with the next heartbeat.
  while (texts.length < 2) texts.push(new TextDecoder().decode((await reader?.read())?.value));
  expect(texts).toEqual([':\n\n', ':\n\n']);
  await reader?.cancel();
  await waitForNoStreams();
});

test('a subscription without an event stream is rejected', async () => {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${team.owner.token}`,
    },
    body: JSON.stringify({ query: viewerEvents }),
  });
  expect(response.status).toBe(406);
  await response.text();
  await waitForNoStreams();
});

const deep = `subscription { viewerEvents { subject { ... on Membership { user {
  memberships { edges { node { tenant { owners { id } } } } } } } } } }`;

test.each([
  ['depth', deep],
  ['aliases', `subscription { viewerEvents { ${alias(20)} } }`],
  ['length', `subscription { viewerEvents { type ${'at '.repeat(1_100)} } }`],
])('the document limits apply to subscriptions: %s', async (_limit, query) => {
  const [rejection] = await (await follow(app.url, query, { token: team.owner.token })).rest();
  expect(rejection?.errors?.[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
  expect(app.app.runtime.streams.count()).toBe(0);
});

test('only a page of a listed origin opens a stream with the session cookie', async () => {
  const cookie = `__Host-tenantry_session=${team.owner.token}`;
  const open = (origin: string) =>
    follow(app.url, viewerEvents, { headers: { cookie, origin, 'x-tenantry-csrf': '1' } });
  expect((await open('https://evil.example.com')).status).toBe(403);
  expect(app.app.runtime.streams.count()).toBe(0);
  const own = await open('https://app.example.com');
  expect([own.status, app.app.runtime.streams.count()]).toEqual([200, 1]);
  await own.leave();
  await waitForNoStreams();
});

test('a token in the URL does not authenticate', async () => {
  const query = encodeURIComponent(viewerEvents);
  const response = await fetch(`${app.url}/graphql?query=${query}&token=${team.owner.token}`, {
    headers: { accept: 'text/event-stream', 'graphql-require-preflight': '1' },
  });
  expect(await response.text()).toContain('UNAUTHENTICATED');
});

test('an EventSource, which can only use GET, opens a stream', async () => {
  const url = `${app.url}/graphql?query=${encodeURIComponent(viewerEvents)}`;
  const response = await fetch(url, {
    headers: {
      accept: 'text/event-stream',
      cookie: `__Host-tenantry_session=${team.owner.token}`,
      'sec-fetch-site': 'same-origin',
    },
  });
  expect([response.status, app.app.runtime.streams.count()]).toEqual([200, 1]);
  await response.body?.cancel();
  await waitForNoStreams();
});

test('a server that shuts down ends its streams and does not wait for them', async () => {
  const other = await startTestApp({ SHUTDOWN_GRACE_MS: '300000' });
  const person = await createPerson(other);
  const stream = await follow(other.url, viewerEvents, { token: person.token });
  const closing = other.close();
  const [last, ...none] = await stream.rest();
  expect(last?.errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
  expect(none).toEqual([]);
  await closing;
});

function alias(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}: type`).join(' ');
}
