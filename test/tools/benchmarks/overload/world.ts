import pg from 'pg';
import { ask } from '../stage.ts';
import { keyMark, type RequestMix } from './client.ts';

const password = 'a harbour without any wind';

/**
 * The number of users who sign in and check sessions, and of others who create tenants. They are separate, because
 * sign-ins of a user slow down with hundreds of tenants, and the load would change during the run.
 */
const accountsCount = 40;
/** Members of the tenant whose members are listed. */
const membersCount = 2_000;

/** The share of each kind of request in percent; see `listRequests`. */
export const shares = { verifySession: 64, members: 20, createTenant: 12, signIn: 4 };

type Account = { email: string; token: string; tenantId: string };

/** Creates tenants and users, and returns the requests of the client in these shares. */
export async function createRequestMix(url: string, ownerUrl: string): Promise<RequestMix> {
  const all: Account[] = [];
  for (let number = 0; number < 2 * accountsCount; number += 1) {
    all.push(await signUp(url, number));
  }
  const [accounts, founders] = [all.slice(0, accountsCount), all.slice(accountsCount)];
  const [first] = accounts;
  if (!first) throw new Error('no accounts');
  await addMembers(ownerUrl, first.tenantId);
  const { host, port } = new URL(url);
  const requests = accounts.flatMap((account, number) =>
    listRequests(account, { big: first, founder: founders[number] as Account }).map(
      ({ kind, token, ...body }) => ({
        kind,
        text: write({ host, token, body }),
      }),
    ),
  );
  return { port: Number(port), requests };
}

type Request = { kind: string; query: string; variables: object; token: string | null };

/** A hundred requests, evenly mixed. */
function listRequests(
  { email, token, tenantId }: Account,
  { big, founder }: { big: Account; founder: Account },
): Request[] {
  const kinds: Record<keyof typeof shares, Omit<Request, 'kind'>> = {
    verifySession: {
      query: `query ($token: String!, $tenantId: ID!) { verifySession(token: $token, tenantId: $tenantId) {
        valid user { id email } tenant { id } permissions expiresAt } }`,
      variables: { token, tenantId },
      token,
    },
    members: {
      query: `query ($id: ID!) { tenant(id: $id) { memberships(first: 50) { edges { node {
        user { id email name } isActive roles { key } } } pageInfo { hasNextPage endCursor } } } }`,
      variables: { id: big.tenantId },
      token: big.token,
    },
    createTenant: {
      query: `mutation ($input: CreateTenantInput!) { createTenant(input: $input) {
        ... on CreateTenantSuccess { tenant { id } } ... on Error { code message } } }`,
      variables: { input: { name: 'Load', slug: `load-${keyMark}`, idempotencyKey: keyMark } },
      token: founder.token,
    },
    signIn: {
      query: `mutation ($input: SignInInput!) { signIn(input: $input) {
        ... on SignInSuccess { token } ... on Error { code message } } }`,
      variables: { input: { email, password } },
      token: null,
    },
  };
  const slots = Object.entries(shares).flatMap(([kind, share]) =>
    Array.from({ length: share }, () => ({ kind, ...kinds[kind as keyof typeof shares] })),
  );
  // A step without a common divisor with 100 visits every slot once, and mixes the kinds.
  return slots.flatMap((_, at) => slots[(at * 37) % slots.length] ?? []);
}

function write({
  host,
  token,
  body,
}: {
  host: string;
  token: string | null;
  body: object;
}): string {
  const text = JSON.stringify(body);
  const lines = [
    'POST /graphql HTTP/1.1',
    `host: ${host}`,
    'content-type: application/json',
    ...(token === null ? [] : [`authorization: Bearer ${token}`]),
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

async function signUp(url: string, number: number): Promise<Account> {
  const email = `owner-${number}@example.com`;
  const input = `{ email: "${email}", password: "${password}", tenantName: "Load ${number}" }`;
  type Data = { signUp: { token?: string; tenant: { id: string }; message?: string } };
  const { signUp: made } = await ask<Data>(
    url,
    `mutation { signUp(input: ${input}) {
      ... on SignUpSuccess { token tenant { id } } ... on Error { message } } }`,
  );
  if (!made.token) throw new Error(made.message);
  return { email, token: made.token, tenantId: made.tenant.id };
}

async function addMembers(ownerUrl: string, tenantId: string): Promise<void> {
  const hex = tenantId.slice(tenantId.indexOf('_') + 1);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(
    `with u as (
       insert into users (email, name)
       select 'member-' || n || '@example.com', 'Member ' || n from generate_series(1, $2::int) n
       returning id
     ), m as (
       insert into user_tenants (tenant_id, user_id) select $1::uuid, id from u returning id
     )
     insert into membership_roles (tenant_id, membership_id, role_id)
     select r.tenant_id, m.id, r.id from m, roles r where r.tenant_id = $1::uuid and r.key = 'member'`,
    [hex, membersCount],
  );
  await client.query('analyze');
  await client.end();
}
