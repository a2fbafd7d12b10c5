import { randomBytes } from 'node:crypto';
import type pg from 'pg';

/** A tenant with an owner and a colleague, and a row in every table. */
export type TestTenant = {
  id: string;
  name: string;
  ownerId: string;
  colleagueId: string;
  /** The owner's membership. */
  membershipId: string;
  /** The owner's role. */
  roleId: string;
  /** The token hash of the owner's session that is bound to the tenant. */
  tokenHash: Buffer;
};

/** Creates a tenant as the owner of the database, to whom row security does not apply. */
export async function createTestTenant(owner: pg.Client, name: string): Promise<TestTenant> {
  const ownerId = await createUser(owner, `owner@${name}.example`);
  const colleagueId = await createUser(owner, `colleague@${name}.example`);
  const { rows } = await owner.query<{ id: string }>(
    `with t as (select uuidv7() as id)
     select t.id, create_tenant($1, t.id, array[$2], $2 || ' tenant', '{}') as slug from t`,
    [ownerId, name],
  );
  const [{ id } = { id: '' }] = rows;
  const membershipId = await findMembership(owner, id);
  await owner.query(
    `with m as (insert into user_tenants (tenant_id, user_id) values ($1, $2) returning *),
       r as (insert into roles (tenant_id, key, name, permissions)
         values ($1, 'billing', 'Billing', '{tenant:read}') returning *)
     insert into membership_roles select m.tenant_id, m.id, r.id from m, r`,
    [id, colleagueId],
  );
  const tokenHash = await createSession(owner, ownerId, id);
  await createSession(owner, ownerId, null);
  await createSession(owner, colleagueId, id);
  await owner.query(
    `insert into audit_events (chain_id, sequence, tenant_id, action, changes, hash)
     values ($1, 1, $1, 'role.created', '{}', sha256('')),
       ($2, 1, null, 'user.updated', '{}', sha256(''))`,
    [id, ownerId],
  );
  const role = await owner.query<{ id: string }>(
    `select id from roles where tenant_id = $1 and key = 'owner'`,
    [id],
  );
  const roleId = role.rows[0]?.id ?? '';
  return { id, name, ownerId, colleagueId, membershipId, roleId, tokenHash };
}

/** The only membership of a new tenant, its owner's. */
async function findMembership(owner: pg.Client, tenantId: string): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(
    'select id from user_tenants where tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.id ?? '';
}

async function createUser(owner: pg.Client, email: string): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(
    'insert into users (email) values ($1) returning id',
    [email],
  );
  const id = rows[0]?.id ?? '';
  await owner.query('insert into password_credentials (user_id, password_hash) values ($1, $2)', [
    id,
    '$argon2id$',
  ]);
  return id;
}

async function createSession(owner: pg.Client, userId: string, tenantId: string | null) {
  const hash = randomBytes(32);
  await owner.query(
    `insert into sessions (user_id, tenant_id, token_hash, idle_timeout_seconds, expires_at)
     values ($1, $2, $3, 3600, now() + interval '1 day')`,
    [userId, tenantId, hash],
  );
  return hash;
}

/** All rows of all tables, or those of one tenant and its users, as text. */
export async function readAllRows(owner: pg.Client, of?: TestTenant): Promise<string> {
  const { rows: tables } = await owner.query<{ name: string }>(`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'
      and relname <> '_prisma_migrations' order by 1`);
  const parts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${name} t order by 1`,
    );
    const ids = of ? [of.id, of.ownerId, of.colleagueId] : null;
    const own = rows.filter(({ row }) => ids === null || ids.some((id) => row.includes(id)));
    parts.push(...own.map(({ row }) => `${name} ${row}`));
  }
  return parts.join('\n');
}
