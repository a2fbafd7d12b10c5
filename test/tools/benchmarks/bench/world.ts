import { toPublicId } from '../../../support/people.ts';
import { withClient } from '../../prove/arena.ts';
import { documents } from './documents.ts';
import type { Request } from './expect.ts';

/** Somebody with a session. */
export type Person = { email: string; token: string };

/** Who asks a seeded server, and for what. */
export type World = {
  tenantUuid: string;
  tenantId: string;
  memberCount: number;
  /** The session of an owner of the tenant. */
  owner: string;
  keys: readonly string[];
  /** People with a session each. */
  people: readonly Person[];
  /** Others, who only sign in, so that nobody's session is ended by too many of them. */
  visitors: readonly string[];
  password: string;
};

/** Who asks. */
export const peopleCount = 200;
const keyCount = 20;

/** Signs members of the largest tenant in through the API and gives that tenant keys. */
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

/** The cursor with which the page of that number begins; pages are walked as somebody who reads on would. */
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

/** A request without what its answer has to hold. */
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

/** Of the largest tenant: an owner, and members spread over it, the same in each run. */
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
  return data.signIn.token ?? refuse(data);
}

async function createKey(url: string, token: string, tenantId: string): Promise<string> {
  type Data = { createApiKey: { secret?: string } };
  const data = await ask<Data>(url, documents.createKey, { token, variables: { tenantId } });
  return data.createApiKey.secret ?? refuse(data);
}

async function ask<Data>(url: string, document: string, more: More): Promise<Data> {
  const response = await fetch(url, { method: 'POST', ...compose(document, more) });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  return errors ? refuse(errors) : data;
}

function refuse(answer: unknown): never {
  throw new Error(`The benchmark cannot be prepared: ${JSON.stringify(answer)}`);
}
