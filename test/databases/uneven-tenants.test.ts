import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toPublicId } from '../support/people.ts';
import {
  type ProofCluster,
  startProofCluster,
  startServer,
  withClient,
} from '../tools/prove/cluster.ts';
import { signUp } from '../tools/prove/operations/world.ts';
import { logPlansSql } from '../tools/prove/plans.ts';
import { createPlayer, type Data } from '../tools/prove/player.ts';

// Most tenants of a public product have one or two members, and some have thousands. PostgreSQL keeps one plan for
// all, made for the usual ones.

const smallCount = 5_000;
/** Members of the large tenant; every fifth is an administrator, one is its owner. */
const largeCount = 5_000;

let cluster: ProofCluster;
beforeAll(async () => {
  cluster = await startProofCluster({ isFast: true });
});
afterAll(() => cluster.clear());

type Tenant = { id: string; membershipId: string };
type List = {
  query: (tenant: Tenant) => string;
  /** The most pages of 8 KiB that one page of the list may read; the whole tenant has ten thousand and more. */
  buffersMax: number;
  /** The memberships on the first page, in SQL; null for other lists. */
  expected: string | null;
};

const ofTenant = (list: string) => (tenant: Tenant) =>
  `{ tenant(id: "${toPublicId('tenant', tenant.id)}") { ${list} } }`;
const members = (args: string, order = 'LAST_SIGN_IN_AT') =>
  ofTenant(`memberships(first: 50, orderBy: { field: ${order}, direction: DESC }${args}) {
    edges { node { id user { email } roles { key } } } }`);
const bySignIn = 'order by m.last_sign_in_at desc, m.id desc limit 50';
const withRole = (
  key: string,
) => `and exists (select from membership_roles mr join roles r on r.id = mr.role_id
  where mr.membership_id = m.id and r.key = '${key}')`;

const lists: Record<string, List> = {
  // Five pages for each of 50 members with roles, and the index pages above them.
  'members by their last sign-in': { query: members(''), buffersMax: 500, expected: bySignIn },
  'members by joining': {
    query: members('', 'JOINED_AT'),
    buffersMax: 500,
    expected: 'order by m.id desc limit 50',
  },
  'members with a role that all have': {
    query: members(', where: { roleKey: "member" }'),
    buffersMax: 1_000,
    expected: `${withRole('member')} ${bySignIn}`,
  },
  // Reads and sorts all of them.
  'members with a role of a thousand': {
    query: members(', where: { roleKey: "admin" }'),
    buffersMax: 12_000,
    expected: `${withRole('admin')} ${bySignIn}`,
  },
  'members with a role of one member': {
    query: members(', where: { roleKey: "owner" }'),
    buffersMax: 1_000,
    expected: `${withRole('owner')} ${bySignIn}`,
  },
  'a member': {
    query: ({ id, membershipId }) =>
      `{ node(id: "${toPublicId('member', membershipId, id)}") { id } }`,
    buffersMax: 100,
    expected: null,
  },
  'the audit log': {
    query: ofTenant('auditEvents(first: 50) { edges { node { id } } }'),
    buffersMax: 500,
    expected: null,
  },
  'the audit log of an action': {
    query: ofTenant(
      'auditEvents(first: 50, where: { action: "membership.created" }) { edges { node { id } } }',
    ),
    buffersMax: 500,
    expected: null,
  },
  invitations: {
    query: ofTenant('invitations(first: 50) { edges { node { id } } }'),
    buffersMax: 500,
    expected: null,
  },
  'API keys': {
    query: ofTenant('apiKeys(first: 50) { edges { node { id } } }'),
    buffersMax: 500,
    expected: null,
  },
};

describe('a page of a large tenant reads few pages of disk among many tenants of one member', () => {
  const seen = new Map<string, { results: Data[]; expected: string[]; buffersMax: number }>();

  beforeAll(async () => {
    const ownerUrl = await cluster.createDatabase('uneven');
    await withClient(ownerUrl, async (client) => {
      const { large, small } = await fill(client);
      await client.query(logPlansSql('uneven', 'buffers'));
      const app = await startServer(ownerUrl);
      try {
        const { play } = createPlayer(app.url, cluster.log);
        const root = await signUp(play, 'root');
        await client.query(`update users set is_platform_admin = true where name = 'root'`);
        const owner = await signUp(play, 'owner');
        await makeOwner(client, large);
        for (const [name, list] of Object.entries(lists)) {
          const player = createPlayer(app.url, cluster.log);
          // PostgreSQL makes five custom plans before it may keep a generic one. The small tenants need an
          // administrator, since the owner sees only the large one.
          for (const one of small) await player.play(name, list.query(one), root.token);
          const results: Data[] = [];
          for (let time = 0; time < 8; time += 1) {
            results.push(await player.play(name, list.query(large), owner.token));
          }
          const expected = await listExpected(client, large, list);
          const buffers = [...player.statements.values()].map(({ buffersMax }) => buffersMax);
          seen.set(name, { results, expected, buffersMax: Math.max(...buffers) });
        }
      } finally {
        await app.close();
      }
    });
  });

  test.each(Object.entries(lists))('%s', (name, list) => {
    const { results, expected, buffersMax } = seen.get(name) ?? {};
    expect(buffersMax).toBeLessThan(list.buffersMax);
    if (list.expected === null) return;
    expect(expected).not.toEqual([]);
    for (const result of results ?? []) expect(listIds(result)).toEqual(expected);
  });
});

const listIds = ({ tenant }: Data): string[] =>
  tenant.memberships.edges.map((edge: Data) => edge.node.id);

async function listExpected(
  client: pg.Client,
  { id }: Tenant,
  { expected }: List,
): Promise<string[]> {
  if (expected === null) return [];
  const { rows } = await client.query<{ id: string }>(
    `select m.id from user_tenants m where m.tenant_id = $1 ${expected}`,
    [id],
  );
  return rows.map((row) => toPublicId('member', row.id, id));
}

/** Makes the user who signed up as `owner` the only owner. */
async function makeOwner(client: pg.Client, { id }: Tenant): Promise<void> {
  await client.query(
    `with m as (
       insert into user_tenants (tenant_id, user_id) select $1, id from users where name = 'owner'
       returning id, tenant_id
     )
     insert into membership_roles (tenant_id, membership_id, role_id)
     select m.tenant_id, m.id, r.id from m
     join roles r on r.tenant_id = m.tenant_id and r.key in ('owner', 'member')`,
    [id],
  );
}

/**
 * Inserts tenants of one member and a large one, with as many audit events, invitations and API keys as members.
 * Returns the large one and ten of the small ones.
 */
async function fill(client: pg.Client): Promise<{ large: Tenant; small: Tenant[] }> {
  // Foreign keys are not checked: the rows are consistent as generated.
  await client.query('set session_replication_role = replica');
  await client.query(
    `insert into tenants (slug, name) select 'tenant-' || n, case n when 0 then 'large' else 'small' end
     from generate_series(0, ${smallCount}) n;
     insert into roles (tenant_id, key, name, is_built_in, permissions)
     select t.id, b.key, b.name, true, b.permissions from tenants t cross join built_in_roles b;
     create temporary table places as
     select t.id as tenant_id, t.name, uuidv7() as user_id, uuidv7() as membership_id, n
     from tenants t
     cross join generate_series(1, case t.name when 'large' then ${largeCount} else 1 end) n;
     insert into users (id, email) select user_id, 'member-' || user_id || '@example.com' from places;
     insert into user_tenants (id, tenant_id, user_id) select membership_id, tenant_id, user_id from places;
     insert into membership_roles (tenant_id, membership_id, role_id)
     select p.tenant_id, p.membership_id, r.id from places p
     join roles r on r.tenant_id = p.tenant_id and (r.key = 'member' or r.key = 'admin' and n % 5 = 0);
     insert into audit_events (chain_id, sequence, tenant_id, at, action, actor_id, target_type, target_id,
       changes, request_id, hash, person_id)
     select tenant_id, n, tenant_id, now(), 'membership.created', user_id, 'Membership', membership_id,
       '{}', 'made up', sha256(''), user_id
     from places;
     insert into invitations (tenant_id, email, status, token_hash, expires_at)
     select tenant_id, 'guest-' || membership_id || '@example.com', 'pending',
       sha256(uuid_send(membership_id)), now() + interval '1 day'
     from places;
     insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     select tenant_id, user_id, 'Key', sha256(uuid_send(membership_id)), 'tk', '{tenant:read}',
       now() + interval '1 day'
     from places`,
  );
  // Repeated sign-ins make the index of that order one level deeper than the other indexes.
  await client.query('begin');
  for (let time = 0; time < 8; time += 1) {
    await client.query(
      `update user_tenants set last_sign_in_at = clock_timestamp() - n * interval '1 second'
       from places where places.membership_id = user_tenants.id`,
    );
  }
  await client.query('commit');
  await client.query('set session_replication_role = origin');
  await client.query('vacuum (analyze)');
  const { rows } = await client.query<Tenant>(
    `select tenant_id as id, membership_id as "membershipId" from places
     where n = 1 order by name = 'large' desc, tenant_id limit 11`,
  );
  const [large, ...small] = rows;
  if (!large) throw new Error('the large tenant is missing');
  return { large, small };
}
