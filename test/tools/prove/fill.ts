import { fillBySeed } from '../../support/fill.ts';
import { withClient } from './cluster.ts';

/** The generated data, and the password of its users. */
export type Filling = {
  users: number;
  password: string;
  seconds: number;
  rows: { table: string; rows: number }[];
};

/**
 * Fills a migrated database with the seed, and in plain SQL with what the seed omits: API keys, invitations, audit logs
 * and data that expires.
 */
export async function fill(ownerUrl: string, users: number): Promise<Filling> {
  const began = performance.now();
  const password = await fillBySeed(ownerUrl, users);
  return await withClient(ownerUrl, async (client) => {
    // Skips triggers and foreign keys, for speed. The references are valid; the hashes of audit logs are not.
    await client.query(`set session_replication_role = replica; set work_mem = '128MB'`);
    for (const statement of statements) await client.query(statement);
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
    const { rows } = await client.query<{ table: string; rows: number }>(
      `select relname::text as table, reltuples::float8 as rows from pg_class
       where relnamespace = 'public'::regnamespace and relkind = 'r' and reltuples > 0
       order by reltuples desc, relname`,
    );
    const seconds = (performance.now() - began) / 1_000;
    return { users, password, seconds, rows };
  });
}

/** A random hash, of no token. */
const someHash = 'uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())';

const statements = [
  // Three keys for each owner of a tenant.
  `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
   select m.tenant_id, m.user_id, 'Key ' || n, ${someHash}, 'tk_…' || n,
     '{tenant:read,members:read}', now() + interval '1 year'
   from roles r
   join membership_roles mr on mr.tenant_id = r.tenant_id and mr.role_id = r.id
   join user_tenants m on m.tenant_id = mr.tenant_id and m.id = mr.membership_id and m.is_active
   cross join generate_series(1, 3) n
   where r.key = 'owner'`,
  // Eight invitations for each tenant: two pending, six accepted, some of them long ago.
  `insert into invitations (tenant_id, email, status, token_hash, created_at, expires_at, settled_at)
   select t.id, 'guest-' || n || '@' || t.slug || '.example',
     case when n <= 2 then 'pending' else 'accepted' end, case when n <= 2 then ${someHash} end,
     now() - n * interval '20 days', now() + interval '7 days' - n * interval '20 days',
     case when n > 2 then now() - n * interval '19 days' end
   from tenants t cross join generate_series(1, 8) n`,
  `update invitations set expires_at = now() + interval '7 days' where status = 'pending'`,
  `insert into invitation_roles (tenant_id, invitation_id, role_id)
   select i.tenant_id, i.id, r.id
   from invitations i join roles r on r.tenant_id = i.tenant_id and r.key = 'member'`,
  // An audit log in each tenant with an entry for every second member, and one for every fourth user.
  `insert into audit_events (chain_id, sequence, tenant_id, at, action, actor_id, target_type, target_id,
     changes, request_id, ip, hash, person_id)
   select m.tenant_id, row_number() over (partition by m.tenant_id order by m.id), m.tenant_id,
     now() - random() * interval '1 year', 'membership.created', m.user_id, 'Membership', m.id,
     '{"isActive": [null, true]}', gen_random_uuid()::text, '198.51.100.7', ${someHash}, m.user_id
   from user_tenants m where get_byte(uuid_send(m.id), 15) % 2 = 0`,
  `insert into audit_events (chain_id, sequence, at, action, actor_id, target_type, target_id, changes,
     request_id, ip, hash, person_id)
   select u.id, 1, now() - random() * interval '1 year', 'session.opened', u.id, 'User', u.id,
     '{}', gen_random_uuid()::text, '198.51.100.7', ${someHash}, u.id
   from users u where get_byte(uuid_send(u.id), 15) % 4 = 0`,
  // 1 in 5,000 was done by an impersonating administrator.
  `update audit_events set impersonator_id = (select id from users order by id limit 1)
   where get_byte(hash, 0) = 0 and get_byte(hash, 1) < 13`,
  `insert into audit_heads (chain_id, sequence, hash)
   select distinct on (chain_id) chain_id, sequence, hash from audit_events
   order by chain_id, sequence desc`,
  `insert into user_activity (day, user_id)
   select distinct (now() at time zone 'UTC')::date - (random() * 95)::int, u.id from users u`,
  `insert into idempotency_keys (slot, user_id, fingerprint, sealed_answer, expires_at)
   select ${someHash}, u.id, ${someHash}, '\\x00', now() + random() * interval '24 hours'
   from users u where get_byte(uuid_send(u.id), 15) % 10 = 0`,
  `insert into sign_in_budgets (bucket, failures, consecutive, window_started_at)
   select 'account:' || u.id, 1, 1, now() - random() * interval '80 days'
   from users u where get_byte(uuid_send(u.id), 15) % 10 = 1`,
  `insert into one_time_tokens (user_id, purpose, token_hash, email, expires_at)
   select u.id, 'email_verification', ${someHash}, u.email, now() + interval '1 day'
   from users u where get_byte(uuid_send(u.id), 15) % 20 = 0`,
  `insert into mail_outbox (recipient, sealed_message, next_attempt_at)
   select u.email, '\\x00', now() + random() * interval '1 hour'
   from users u where get_byte(uuid_send(u.id), 15) % 100 = 0`,
  // For housekeeping: 1 in 400 sessions and 1 in 256 idempotency keys have expired.
  `update sessions set expires_at = now() - interval '1 hour'
   where get_byte(token_hash, 0) = 0 and get_byte(token_hash, 1) < 160`,
  `update idempotency_keys set expires_at = now() - interval '1 hour' where get_byte(slot, 0) = 0`,
  // 1 in 20,000 sessions is an impersonation.
  `update sessions set impersonator_id = (select id from users order by id limit 1),
     expires_at = created_at + interval '1 hour'
   where get_byte(token_hash, 2) = 0 and get_byte(token_hash, 3) < 4`,
];
