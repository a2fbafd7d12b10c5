import { beforeAll, expect, test } from 'vitest';
import {
  type Client,
  createClient,
  OperationError,
} from '../../examples/typed-client/src/client.ts';
import { graphql } from '../../examples/typed-client/src/graphql.ts';
import { listMembers, signIn, verifySession } from '../../examples/typed-client/src/operations.ts';
import { describeApp } from '../support/describe-app.ts';
import { createMember, createTeam, type Team } from '../support/people.ts';

const app = describeApp({ SIGN_IN_FREE_FAILURES: '1' });
let team: Team;
let anonymous: Client;
let owner: Client;
beforeAll(async () => {
  team = await createTeam(app);
  for (let count = 0; count < 4; count += 1) await createMember(app, team, 'member');
  anonymous = createClient(`${app.url}/graphql`, null);
  const { email, password } = team.owner;
  const signedIn = await signIn(anonymous, email, password);
  if (signedIn.kind !== 'signed-in') throw new Error(`expected to be signed in: ${signedIn.kind}`);
  owner = createClient(`${app.url}/graphql`, signedIn.token);
});

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

test('listMembers returns every member once, page by page', async () => {
  const pages = await collect(listMembers(owner, team.slug, 2));
  expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
  const all = pages.flat();
  expect(new Set(all.map(({ email }) => email)).size).toBe(5);
  expect(all.find(({ email }) => email === team.owner.email)?.roleKeys).toEqual(['owner']);
});

test('listMembers returns nothing for a foreign tenant', async () => {
  const foreign = await createTeam(app);
  expect(await collect(listMembers(owner, foreign.slug))).toEqual([]);
});

test('verifySession returns the user and the permissions of a valid token', async () => {
  const { token } = team.owner;
  const own = createClient(`${app.url}/graphql`, token);
  const found = await verifySession(own, token, team.tenantId);
  expect(found?.email).toBe(team.owner.email);
  expect(found?.permissions).toContain('members:read');
});

test('verifySession rejects a caller who may not verify the token', async () => {
  const foreign = await createTeam(app);
  await expect(verifySession(owner, foreign.owner.token)).rejects.toThrow(OperationError);
  await expect(verifySession(anonymous, foreign.owner.token)).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    requestId: expect.any(String),
  });
});

test('signIn distinguishes errors by their type', async () => {
  const { email } = await createMember(app, team, 'member');
  const rejected = await signIn(anonymous, email, 'not the password of anybody');
  expect(rejected.kind).toBe('refused');
  const malformed = await signIn(anonymous, 'no address', 'whatever it may be');
  expect(malformed).toMatchObject({ kind: 'refused', path: ['email'] });
  await signIn(anonymous, email, 'not the password of anybody');
  const later = await signIn(anonymous, email, 'not the password of anybody');
  expect(later).toMatchObject({ kind: 'try-later', seconds: expect.any(Number) });
});

test('a field or variable that does not exist does not compile', () => {
  const document = graphql('query { viewer { shoeSize } }');
  const send = () => owner.ask(document, {});
  // @ts-expect-error: there is no such field, so the result has no such property.
  void (async () => (await send()).viewer?.shoeSize.toFixed());
  // @ts-expect-error: the document has no such variable.
  void (() => owner.ask(graphql('query ($id: ID!) { node(id: $id) { id } }'), { identity: '' }));
});
