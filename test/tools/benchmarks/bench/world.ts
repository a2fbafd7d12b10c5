import { toPublicId } from '../../../support/people.ts';
import { withClient } from '../../prove/cluster.ts';
import { documents } from './documents.ts';
import type { Request } from './expect.ts';

/** A user with a session. */
export type Person = { email: string; token: string };

/** The callers of a seeded server, and the data they request. */
export type World = {
  tenantUuid: string;
  tenantId: string;
  memberCount: number;
  /** The session of an owner of the tenant. */
  owner: string;
  keys: readonly string[];
  /** Users with a session. */
  people: readonly Person[];
  /** Users who only sign in. They are separate, since too many sign-ins end the oldest session of a user. */
  visitors: readonly string[];
  password: string;
};

/** Callers of each kind. */
export const peopleCount = 200;
const keyCount = 20;

/** Signs in members of the largest tenant and creates API keys for it. */
export async function createWorld(url: string, ownerUrl: string, password: string): Promise<World> {
  const { tenantUuid, memberCount, ownerEmail, emails } = await choosePeople(ownerUrl);
  const tenantId = toPublicId('tenant', tenantUuid);
  const half = Math.ceil(emails.length / 2);
  const people: Person[] = [];
  for (const email of emails.slice(0, half)) {
    people.push({ email, token: await signIn(url, email, password) });
  }
  const owner = await signIn(url, ownerEmail, password);
  const keys: string[] = [];
  while (keys.length < keyCount) keys.push(await createKey(url, owner, tenantId));
  const visitors = emails.slice(half);
  return { tenantUuid, tenantId, memberCount, owner, keys, people, visitors, password };
}

/** The cursor of a page, found by reading all pages before it. */
export async function findCursor(url: string, world: World, page: number): Promise<string> {
  type Data = { tenant: { memberships: { pageInfo: { endCursor: string } } } };
  const { owner: token, tenantId } = world;
  let after: string | null = null;
  for (let read = 1; read < page; read += 1) {
    const { tenant }: Data = await ask<Data>(url, documents.members, {
      token,
      variables: { tenantId, after },
    });
    after = tenant.memberships.pageInfo.endCursor;
  }
  return after ?? '';
}

type More = { token?: string; variables?: Record<string, unknown> };

/** The headers and body of a request. */
export function compose(
  query: string,
  { token, variables = {} }: More,
): Pick<Request, 'headers' | 'body'> {
  return {
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  };
}

/** An owner of the largest tenant and members spread over it, the same in each run. */
function choosePeople(ownerUrl: string) {
  return withClient(ownerUrl, async (client) => {
    await client.query('update tenants set api_keys_max = 1000000');
    const { rows: owners } = await client.query<{ id: string; members: number; email: string }>(
      `select t.id, t.member_count::float8 as members, u.email
       from (select id, member_count from tenants order by member_count desc, id limit 1) t
       join roles r on r.tenant_id = t.id and r.key = 'owner'
       join membership_roles mr on mr.tenant_id = t.id and mr.role_id = r.id
       join user_tenants m on m.tenant_id = t.id and m.id = mr.membership_id and m.is_active
       join users u on u.id = m.user_id and u.status = 'active' order by m.id limit 1`,
    );
    const [owner] = owners;
    if (!owner) throw new Error('the seed has no tenant with an owner');
    const { rows: people } = await client.query<{ email: string }>(
      `select u.email from user_tenants m join users u on u.id = m.user_id and u.status = 'active'
       where m.tenant_id = $1 and m.is_active and u.email <> $2
       order by md5(u.id::text) limit $3`,
      [owner.id, owner.email, peopleCount * 2],
    );
    return {
      tenantUuid: owner.id,
      memberCount: owner.members,
      ownerEmail: owner.email,
      emails: people.map(({ email }) => email),
    };
  });
}

async function signIn(url: string, email: string, password: string): Promise<string> {
  const variables = { email, password };
  type Data = { signIn: { token?: string } };
  const data = await ask<Data>(url, documents.signIn, { variables });
  return data.signIn.token ?? fail(data);
}

async function createKey(url: string, token: string, tenantId: string): Promise<string> {
  type Data = { createApiKey: { secret?: string } };
  const data = await ask<Data>(url, documents.createKey, { token, variables: { tenantId } });
  return data.createApiKey.secret ?? fail(data);
}

async function ask<Data>(url: string, document: string, more: More): Promise<Data> {
  const response = await fetch(url, { method: 'POST', ...compose(document, more) });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  return errors ? fail(errors) : data;
}

function fail(response: unknown): never {
  throw new Error(`The benchmark cannot be prepared: ${JSON.stringify(response)}`);
}
