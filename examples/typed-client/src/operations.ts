import type { Client } from './client.ts';
import { graphql } from './graphql.ts';

const signInDocument = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      __typename
      ... on SignInSuccess { token user { id email name } }
      ... on RateLimitedError { message retryAfterSeconds }
      ... on Error { code message path }
    }
  }
`);

/** Result of a sign-in. */
export type SignedIn =
  | { kind: 'signed-in'; token: string; email: string }
  | { kind: 'try-later'; seconds: number }
  | { kind: 'refused'; message: string; path: readonly string[] };

/** Signs in. An error is an answer, told apart by its type; nothing is thrown for it. */
export async function signIn(client: Client, email: string, password: string): Promise<SignedIn> {
  const { signIn: result } = await client.ask(signInDocument, { input: { email, password } });
  switch (result.__typename) {
    case 'SignInSuccess':
      return { kind: 'signed-in', token: result.token, email: result.user.email };
    case 'RateLimitedError':
      return { kind: 'try-later', seconds: result.retryAfterSeconds ?? 60 };
    default:
      return { kind: 'refused', message: result.message, path: result.path ?? [] };
  }
}

const membersDocument = graphql(`
  query Members($slug: String!, $first: Int!, $after: String) {
    tenant(slug: $slug) {
      memberships(first: $first, after: $after) {
        edges { node { user { email name } roles { key } lastSignInAt } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export type Member = { email: string; name: string | null; roleKeys: string[] };

/** The members of a tenant, page by page; none where there is no such tenant for the caller. */
export async function* listMembers(
  client: Client,
  slug: string,
  pageSize = 100,
): AsyncGenerator<Member[]> {
  for (let after: string | null = null, hasNext = true; hasNext; ) {
    const answer: Awaited<ReturnType<typeof askForPage>> = await askForPage(client, {
      slug,
      first: pageSize,
      after,
    });
    if (!answer.tenant) return;
    const { edges, pageInfo } = answer.tenant.memberships;
    yield edges.map(({ node: { user, roles } }) => ({
      email: user.email,
      name: user.name,
      roleKeys: roles.map(({ key }) => key),
    }));
    hasNext = pageInfo.hasNextPage;
    after = pageInfo.endCursor;
  }
}

function askForPage(client: Client, page: { slug: string; first: number; after: string | null }) {
  return client.ask(membersDocument, page);
}

const verifyDocument = graphql(`
  query VerifySession($token: String!, $tenantId: ID) {
    verifySession(token: $token, tenantId: $tenantId) {
      valid
      user { email }
      permissions
    }
  }
`);

/** Whose token it is and what it allows in the tenant; null for one that is not valid. */
export async function verifySession(client: Client, token: string, tenantId: string | null = null) {
  const { verifySession: found } = await client.ask(verifyDocument, { token, tenantId });
  if (!found.valid || !found.user) return null;
  return { email: found.user.email, permissions: found.permissions };
}
