import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arena, openArena, startServer, withClient } from '../prove/arena.ts';
import { signUp } from '../prove/operations/world.ts';
import { tellPlansSql } from '../prove/plans.ts';
import { createPlayer } from '../prove/player.ts';
import { toPublicId } from '../support/people.ts';

// Most customers of a product that anybody can try are a person or two, and some are large. PostgreSQL keeps
// one plan for both, made for the usual one.

let arena: Arena;
beforeAll(async () => {
  arena = await openArena({ isHasty: true });
});
afterAll(() => arena.clear());

const memberships = (args: string) =>
  `memberships(first: 50, ${args}) { edges { node { id roles { key } } } }`;
const lists = {
  'members by their last sign-in': memberships(
    'orderBy: { field: LAST_SIGN_IN_AT, direction: DESC }',
  ),
  'members by joining': memberships('orderBy: { field: JOINED_AT, direction: DESC }'),
  'members with the role of most': memberships('where: { roleKey: "member" }'),
  'members with the role of few': memberships('where: { roleKey: "owner" }'),
  'the trail': 'auditEvents(first: 50) { edges { node { id } } }',
  'the trail of an action':
    'auditEvents(first: 50, where: { action: "membership.created" }) { edges { node { id } } }',
  invitations: 'invitations(first: 50) { edges { node { id email } } }',
  'API keys': 'apiKeys(first: 50) { edges { node { id name } } }',
};

test('a page of a large tenant looks at little more than the page where most tenants have one member', async () => {
  const ownerUrl = await arena.createDatabase('uneven');
  await withClient(ownerUrl, async (client) => {
    const { large, small } = await fill(client);
    await client.query(tellPlansSql('uneven', 'buffers'));
    const app = await startServer(ownerUrl);
    try {
      const player = createPlayer(app.url, arena.log);
      const { token } = await signUp(player.play, 'root');
      await client.query(`update users set is_platform_admin = true where name = 'root'`);
      for (const [name, list] of Object.entries(lists)) {
        // PostgreSQL looks at five plans made for their arguments before it may keep one for all.
        for (const id of [...small, large]) {
          await player.play(
            name,
            `{ tenant(id: "${toPublicId('tenant', id)}") { ${list} } }`,
            token,
          );
        }
      }
      const most = [...player.ledger.values()]
        // What signing up did as well is not about a page.
        .filter(({ operations }) => [...operations].every((name) => name in lists))
        .map(({ text, buffersMax }) => ({ text, buffersMax }))
        .toSorted((a, b) => b.buffersMax - a.buffersMax)[0];
      // Four pages for each of 50 members and its roles, and what leads there; to read the tenant takes 10,000.
      expect(most?.buffersMax, most?.text).toBeLessThan(1_000);
    } finally {
      await app.close();
    }
  });
}, 120_000);

const smallCount = 5_000;
const largeCount = 5_000;

/**
 * Tenants of one member and a large one, each with a trail, invitations and keys as long as it is large. Answers the
 * large one and ten of the small.
 */
async function fill(client: pg.Client): Promise<{ large: string; small: string[] }> {
  // Made-up rows, whose references hold by the way they are made.
  await client.query('set session_replication_role = replica');
  const { rows } = await client.query<{ id: string; isLarge: boolean }>(
    `insert into tenants (slug, name) select 'tenant-' || n, case n when 0 then 'large' else 'small' end
     from generate_series(0, $1::int) n returning id, name = 'large' as "isLarge"`,
    [smallCount],
  );
  const large = rows.find(({ isLarge }) => isLarge)?.id ?? '';
  const small = rows.filter(({ isLarge }) => !isLarge).map(({ id }) => id);
  await client.query(
    `insert into roles (tenant_id, key, name, is_built_in, permissions)
     select t.id, b.key, b.name, true, b.permissions from tenants t cross join built_in_roles b`,
  );
  await client.query(
    `create temporary table places as
     select t.id as tenant_id, uuidv7() as user_id, uuidv7() as membership_id, n
     from tenants t cross join generate_series(1, case t.name when 'large' then $1::int else 1 end) n`,
    [largeCount],
  );
  await client.query(
    `insert into users (id, email) select user_id, 'member-' || user_id || '@example.com' from places;
     insert into user_tenants (id, tenant_id, user_id) select membership_id, tenant_id, user_id from places;
     insert into membership_roles (tenant_id, membership_id, role_id)
       select p.tenant_id, p.membership_id, r.id
       from places p join roles r on r.tenant_id = p.tenant_id and r.key = 'member';
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
  // Everybody signs in again and again: the index of that order grows a level taller than those beside it.
  await client.query('begin');
  for (let time = 0; time < 8; time += 1) {
    await client.query(`update user_tenants set last_sign_in_at = clock_timestamp() - n * interval '1 second'
      from places where places.membership_id = user_tenants.id`);
  }
  await client.query('commit');
  await client.query('set session_replication_role = origin');
  await client.query('analyze');
  return { large, small: small.slice(0, 10) };
}
