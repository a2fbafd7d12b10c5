import type { CopyRow } from '../../db/copy.ts';
import type { Operator } from '../../db/operator.ts';

export type SeedTenant = {
  id: string;
  slug: string;
  name: string;
  status: 'active' | 'suspended';
  metadata: object;
};

export type SeedUser = {
  id: string;
  email: string;
  name: string;
  locale: string | null;
  status: 'active' | 'suspended';
  isPlatformAdmin: boolean;
  metadata: object;
  lastSignInAt: Date | null;
  passwordHash: string;
};

/** The database generates its id, like those of sessions. */
export type SeedMembership = {
  tenantId: string;
  userId: string;
  roleKey: string;
  isActive: boolean;
  /** Null if never. */
  lastSignInAt: Date | null;
};

/** Its token is unknown: the stored hash is random. */
export type SeedSession = {
  userId: string;
  /** The tenant that the session is bound to, if any. */
  tenantId: string | null;
  ip: string;
  userAgent: string;
};

/** Rows of a batch; each kind refers only to the kinds before it, here or in the database. */
export type Batch = {
  tenants: SeedTenant[];
  users: SeedUser[];
  memberships: SeedMembership[];
  sessions: SeedSession[];
};

/** How long seeded sessions live, in seconds. */
export type SessionLifetime = { idleTimeoutSeconds: number; absoluteTimeoutSeconds: number };

/** COPY cannot write to tables with row security, so rows go through temporary tables. */
const stagingSql = `
  create temp table seed_users (
    id uuid, email text, name text, locale text, status text, is_platform_admin boolean,
    metadata jsonb, last_sign_in_at timestamptz, password_hash text);
  create temp table seed_tenants (id uuid, slug text, name text, status text, metadata jsonb);
  create temp table seed_memberships (
    tenant_id uuid, user_id uuid, role_key text, is_active boolean, last_sign_in_at timestamptz,
    id uuid default uuidv7());
  create temp table seed_sessions (user_id uuid, tenant_id uuid, ip inet, user_agent text);
  -- The search indexes take their entries by the hundred thousand and not by the thousand.
  set gin_pending_list_limit = '16MB';
  set work_mem = '128MB';
  set maintenance_work_mem = '128MB'`;

/** Prepares the connection for staging, once. */
export async function prepareLoad(operator: Operator): Promise<void> {
  await operator.query(stagingSql);
}

/** Streams the users of a batch to the temporary table, replacing its content. */
export async function stageUsers(operator: Operator, { users }: Batch): Promise<void> {
  await operator.query('truncate seed_users');
  await operator.copy('seed_users', users.map(toUserRow));
}

/** Streams the rows that refer to users. */
export async function stageTenants(operator: Operator, batch: Omit<Batch, 'users'>): Promise<void> {
  await operator.query('truncate seed_tenants, seed_memberships, seed_sessions');
  await operator.copy('seed_tenants', batch.tenants.map(toTenantRow));
  await operator.copy(
    'seed_memberships (tenant_id, user_id, role_key, is_active, last_sign_in_at)',
    batch.memberships.map(toMembershipRow),
  );
  await operator.copy('seed_sessions', batch.sessions.map(toSessionRow));
}

/**
 * Inserts the staged users. Only their last sign-ins are in the past, as if imported from another system. Throws what
 * the database throws.
 */
export async function insertStagedUsers(operator: Operator): Promise<void> {
  await operator.query(`
    insert into users
      (id, email, name, locale, status, is_platform_admin, metadata, last_sign_in_at)
    select id, email, name, locale, status, is_platform_admin, metadata, last_sign_in_at
    from seed_users`);
  await operator.query(`
    insert into password_credentials (user_id, password_hash)
    select id, password_hash from seed_users`);
}

/**
 * Makes a superuser's connection check references per batch instead of per row, which saves half of the work on
 * memberships. Returns false for other owners, who may not do that.
 */
export async function checkByBatch(operator: Operator): Promise<boolean> {
  const superusers = await operator.query(
    'select from pg_roles where rolname = session_user and rolsuper',
  );
  if (superusers.length === 0) return false;
  // From here on no trigger runs on this connection, neither foreign keys nor member_count.
  await operator.asOwner(['set session_replication_role = replica']);
  return true;
}

/** How to insert the rows that refer to users. */
export type TenantsInsert = { lifetime: SessionLifetime; isCheckedByBatch: boolean };

/**
 * Inserts the staged tenants with the built-in roles, then memberships and sessions, whose users must exist. Throws
 * what the database throws, and an Error for a dangling reference.
 */
export async function insertStagedTenants(
  operator: Operator,
  { lifetime, isCheckedByBatch }: TenantsInsert,
): Promise<void> {
  for (const statement of tenantStatements) await operator.query(statement);
  await operator.query(
    `insert into sessions (user_id, tenant_id, ip, user_agent, token_hash,
       idle_timeout_seconds, expires_at)
     select user_id, tenant_id, ip, user_agent,
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
       $1::int, now() + make_interval(secs => $2::int)
     from seed_sessions`,
    [lifetime.idleTimeoutSeconds, lifetime.absoluteTimeoutSeconds],
  );
  if (isCheckedByBatch) await replaceTriggers(operator);
}

async function replaceTriggers(operator: Operator): Promise<void> {
  await operator.query(`
    update tenants t set member_count = t.member_count + c.members
    from (
      select tenant_id, count(*)::int as members from seed_memberships where is_active group by 1
    ) c
    where t.id = c.tenant_id`);
  const orphans = await operator.query(`
    select from seed_memberships m
    where not exists (select from users u where u.id = m.user_id)
      or not exists (select from membership_roles r
        where r.tenant_id = m.tenant_id and r.membership_id = m.id)
    union all
    select from seed_sessions s
    where not exists (select from users u where u.id = s.user_id)
      or (s.tenant_id is not null and not exists (select from user_tenants m
        where m.tenant_id = s.tenant_id and m.user_id = s.user_id))
    limit 1`);
  if (orphans.length > 0)
    throw new Error('A seeded membership or session has a dangling reference.');
}

/** In key order, so that consecutive entries go to the same index page. */
const tenantStatements = [
  `insert into tenants (id, slug, name, status, metadata)
   select id, slug, name, status, metadata from seed_tenants`,
  `insert into roles (tenant_id, key, name, description, is_built_in, permissions)
   select t.id, b.key, b.name, b.description, true, b.permissions
   from seed_tenants t cross join built_in_roles b`,
  `insert into user_tenants (id, tenant_id, user_id, is_active, last_sign_in_at)
   select id, tenant_id, user_id, is_active, coalesce(last_sign_in_at, 'epoch')
   from seed_memberships order by tenant_id, id`,
  `insert into membership_roles (tenant_id, membership_id, role_id)
   select m.tenant_id, m.id, r.id
   from seed_memberships m join roles r on r.tenant_id = m.tenant_id and r.key = m.role_key
   order by m.tenant_id, m.id`,
];

const toTenantRow = (tenant: SeedTenant): CopyRow => [
  tenant.id,
  tenant.slug,
  tenant.name,
  tenant.status,
  JSON.stringify(tenant.metadata),
];

const toUserRow = (user: SeedUser): CopyRow => [
  user.id,
  user.email,
  user.name,
  user.locale,
  user.status,
  user.isPlatformAdmin,
  JSON.stringify(user.metadata),
  user.lastSignInAt,
  user.passwordHash,
];

const toMembershipRow = (membership: SeedMembership): CopyRow => [
  membership.tenantId,
  membership.userId,
  membership.roleKey,
  membership.isActive,
  membership.lastSignInAt,
];

const toSessionRow = (session: SeedSession): CopyRow => [
  session.userId,
  session.tenantId,
  session.ip,
  session.userAgent,
];
