import { Agent } from 'node:http';
import pg from 'pg';
import { post } from '../load.ts';

/** A signed-in member of the tenant. */
export type Member = { token: string; userId: string; membershipId: string };

/** A tenant for the trials, callers that may revoke, and functions that send requests. */
export type World = {
  tenantId: string;
  slug: string;
  /** Owns the tenant. */
  owner: { token: string };
  /** A platform administrator. */
  admin: { token: string };
  createMember: (roleKey: string) => Promise<Member>;
  /** Creates an API key of the owner. */
  createApiKey: () => Promise<{ id: string; secret: string }>;
  createTenant: () => Promise<{ tenantId: string; slug: string; owner: { token: string } }>;
  /** Sends a request to a process and returns the data. Throws on errors. */
  // biome-ignore lint/suspicious/noExplicitAny: responses of any shape.
  ask: (url: string, query: string, token: string, variables?: object) => Promise<any>;
  close: () => Promise<void>;
};

const password = 'a harbour without any wind';

/** Creates the data through one process, and with SQL where the API does not allow it. */
export async function createWorld(url: string, ownerUrl: string): Promise<World> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  let serial = 0;

  const ask: World['ask'] = async (target, query, token, variables) => {
    const text = await post(
      {
        url: target,
        headers: {
          'content-type': 'application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify({ query, variables }),
        connections: 1,
        milliseconds: 0,
      },
      agent,
    );
    const { data, errors } = JSON.parse(text);
    if (errors) throw new Error(text);
    return data;
  };

  async function signUp(tenantName?: string) {
    serial += 1;
    const input = { email: `person-${serial}@example.com`, password, tenantName };
    const { signUp: done } = await ask(
      url,
      `mutation ($input: SignUpInput!) { signUp(input: $input) {
        ... on SignUpSuccess { token user { id } tenant { id slug } } ... on Error { message } } }`,
      '',
      { input },
    );
    if (!done.token) throw new Error(done.message);
    return done;
  }

  async function createTenant() {
    const { token, tenant } = await signUp(`Trial ${serial + 1}`);
    return { tenantId: tenant.id, slug: tenant.slug, owner: { token } };
  }

  async function createMember(roleKey: string): Promise<Member> {
    const { token, user } = await signUp();
    const { rows } = await owner.query(
      `with m as (insert into user_tenants (tenant_id, user_id) values ($1, $2) returning id, tenant_id)
       insert into membership_roles (tenant_id, membership_id, role_id)
       select m.tenant_id, m.id, r.id from m join roles r on r.tenant_id = m.tenant_id and r.key = $3
       returning membership_id as id`,
      [toUuid(home.tenantId), toUuid(user.id), roleKey],
    );
    const hex = [rows[0].id, toUuid(home.tenantId)].join('').replaceAll('-', '');
    return { token, userId: user.id, membershipId: `member_${hex}` };
  }

  async function createApiKey() {
    const input = { tenantId: home.tenantId, name: 'trial', permissions: ['tenant:read'] };
    const { createApiKey: done } = await ask(
      url,
      `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
        ... on CreateApiKeySuccess { secret apiKey { id } } ... on Error { message } } }`,
      home.owner.token,
      { input },
    );
    if (!done.secret) throw new Error(done.message);
    return { id: done.apiKey.id, secret: done.secret };
  }

  const home = await createTenant();
  const admin = await signUp();
  await owner.query('update users set is_platform_admin = true where id = $1', [
    toUuid(admin.user.id),
  ]);
  return {
    ...home,
    admin: { token: admin.token },
    createMember,
    createApiKey,
    createTenant,
    ask,
    async close() {
      agent.destroy();
      await owner.end();
    },
  };
}

function toUuid(publicId: string): string {
  const hex = publicId.slice(publicId.indexOf('_') + 1);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
}
