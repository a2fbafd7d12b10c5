import { seedInBulk } from '../../../src/cli/seed/bulk.ts';
import { completeSize } from '../../../src/cli/seed/plan.ts';
import { createSharedPassword } from '../../../src/cli/seed/shared-password.ts';
import { loadConfig } from '../../../src/config.ts';
import { withClient } from '../../prove/arena.ts';
import { toPublicId } from '../../support/people.ts';
import { runSql } from '../stage.ts';
import type { Request } from './client.ts';

/** What is asked of a seeded server, by its name; each with many arguments in turn. */
export type Requests = Record<Operation, readonly Request[]>;

export type Operation =
  | 'raw'
  | 'verifySession'
  | 'verifySession by a key'
  | 'verifyApiKey'
  | 'viewer'
  | 'viewer, tenants alone'
  | '50 members'
  | 'sign-in';

/** How many people take turns. */
const peopleCount = 200;

/** Fills a migrated database: 1 tenant for 50 users, 2 memberships and 2 sessions for each. */
export async function fill(ownerUrl: string, users: number): Promise<{ password: string }> {
  const config = loadConfig({ NODE_ENV: 'test' });
  const { password, passwordHash } = await createSharedPassword(config);
  const size = completeSize({
    users,
    tenants: Math.ceil(users / 50),
    memberships: users * 2,
    sessions: users * 2,
  });
  const onProgress = () => undefined;
  await seedInBulk(ownerUrl, { ...size, passwordHash, lifetime: config.sessions, onProgress });
  await runSql(ownerUrl, 'vacuum (analyze)');
  await runSql(ownerUrl, 'checkpoint');
  return { password: password ?? '' };
}

/** Signs members of the largest tenant in through the API and prepares all that is asked. */
export async function prepareRequests(
  url: string,
  ownerUrl: string,
  password: string,
): Promise<Requests> {
  const { tenantUuid, ownerEmail, emails } = await choosePeople(ownerUrl);
  const tenantId = toPublicId('tenant', tenantUuid);
  const tokens: string[] = [];
  for (const email of emails) tokens.push(await signIn(url, email, password));
  const owner = await signIn(url, ownerEmail, password);
  const keys: string[] = [];
  for (let count = 0; count < 20; count += 1) keys.push(await createKey(url, owner, tenantId));
  const [service = ''] = keys;
  const page = (after: string | null) =>
    compose(documents.members, { token: owner, variables: { tenantId, after } });
  return {
    raw: tokens.map((token) => compose('', { variables: { token } })),
    verifySession: tokens.map((token) =>
      compose(documents.verifySession, { token, variables: { token } }),
    ),
    'verifySession by a key': tokens.map((token) =>
      compose(documents.verifySession, { token: service, variables: { token } }),
    ),
    verifyApiKey: keys.map((key) =>
      compose(documents.verifyApiKey, { token: key, variables: { key } }),
    ),
    viewer: tokens.map((token) => compose(documents.viewer, { token })),
    'viewer, tenants alone': tokens.map((token) => compose(documents.tenants, { token })),
    '50 members': [page(null)],
    'sign-in': emails.map((email) => compose(documents.signIn, { variables: { email, password } })),
  };
}

/** Of the largest tenant: an owner, and members spread over it, the same in each run. */
function choosePeople(ownerUrl: string) {
  return withClient(ownerUrl, async (client) => {
    await client.query('update tenants set api_keys_max = 1000000');
    const { rows: owners } = await client.query<{ tenant_id: string; email: string }>(
      `select m.tenant_id, u.email
       from (select id from tenants order by member_count desc, id limit 1) t
       join roles r on r.tenant_id = t.id and r.key = 'owner'
       join membership_roles mr on mr.tenant_id = t.id and mr.role_id = r.id
       join user_tenants m on m.tenant_id = t.id and m.id = mr.membership_id and m.is_active
       join users u on u.id = m.user_id and u.status = 'active' order by m.id limit 1`,
    );
    const [owner] = owners;
    if (!owner) throw new Error('the seed has no tenant with an owner');
    const { rows: people } = await client.query<{ email: string }>(
      `select u.email from user_tenants m join users u on u.id = m.user_id and u.status = 'active'
       where m.tenant_id = $1 and m.is_active order by md5(u.id::text) limit $2`,
      [owner.tenant_id, peopleCount],
    );
    const emails = people.map(({ email }) => email);
    return { tenantUuid: owner.tenant_id, ownerEmail: owner.email, emails };
  });
}

async function signIn(url: string, email: string, password: string): Promise<string> {
  const { signIn } = await ask<{ signIn: { token: string } }>(url, documents.signIn, {
    variables: { email, password },
  });
  return signIn.token;
}

async function createKey(url: string, token: string, tenantId: string): Promise<string> {
  type Data = { createApiKey: { secret: string } };
  const { createApiKey } = await ask<Data>(url, documents.createKey, {
    token,
    variables: { tenantId },
  });
  return createApiKey.secret;
}

async function ask<Data>(url: string, document: string, more: More): Promise<Data> {
  const response = await fetch(url, { method: 'POST', ...compose(document, more) });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

type More = { token?: string; variables?: Record<string, unknown> };

function compose(query: string, { token, variables = {} }: More): Request {
  return {
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  };
}

/** Of a hundred requests, how many are of each kind when people go about their day. */
const daily: readonly [Operation, share: number][] = [
  ['verifySession', 58],
  ['verifyApiKey', 16],
  ['viewer', 14],
  ['50 members', 10],
  ['sign-in', 2],
];

/** A thousand of them, one kind after the other as dice fall that are the same in each run. */
export function mix(requests: Requests): Request[] {
  const bag = daily.flatMap(([operation, share]) => Array.from({ length: share }, () => operation));
  return Array.from({ length: 1_000 }, (_one, turn) => {
    // 37 has no divisor in common with 100, so all of the bag comes up, well mixed.
    const operation = bag[(turn * 37) % bag.length] ?? 'verifySession';
    const choices = requests[operation];
    return choices[turn % choices.length] as Request;
  });
}

const documents = {
  verifySession: `query ($token: String!) { verifySession(token: $token) { valid } }`,
  verifyApiKey: `query ($key: String!) { verifyApiKey(key: $key) { valid permissions } }`,
  viewer: `{ viewer { user { id email name } memberships(first: 25) { edges { node {
    tenant { id slug name } roles { key name } permissions } } } } }`,
  tenants: `{ viewer { user { id email memberships(first: 25) { edges { node { tenant { id name } } } } } } }`,
  members: `query ($tenantId: ID!, $after: String) { tenant(id: $tenantId) {
    memberships(first: 50, after: $after) {
      edges { node { user { id email name } roles { key name } lastSignInAt } }
      pageInfo { hasNextPage endCursor } } } }`,
  createKey: `mutation ($tenantId: ID!) { createApiKey(input: { tenantId: $tenantId, name: "Bench",
    permissions: ["tenant:read", "members:read", "sessions:verify", "api-keys:verify"] }) {
    ... on CreateApiKeySuccess { secret } } }`,
  signIn: `mutation ($email: String!, $password: String!) {
    signIn(input: { email: $email, password: $password }) { ... on SignInSuccess { token } } }`,
};
