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

/** The database gives its id, as it does to sessions: nothing refers to it from outside. */
export type SeedMembership = {
  tenantId: string;
  userId: string;
  roleKey: string;
  isActive: boolean;
  /** Null stands for never. */
  lastSignInAt: Date | null;
};

/** Nobody holds its token: what is stored is the hash of none. */
export type SeedSession = {
  userId: string;
  /** Where set, the tenant that the session is bound to. */
  tenantId: string | null;
  ip: string;
  userAgent: string;
};

/** Rows that belong together; each kind refers only to those before it, here or in the database. */
export type Batch = {
  tenants: SeedTenant[];
  users: SeedUser[];
  memberships: SeedMembership[];
  sessions: SeedSession[];
};

/** How long seeded sessions live, in seconds. */
export type SessionLifetime = { idleTimeoutSeconds: number; absoluteTimeoutSeconds: number };

/** COPY cannot write where row security holds, so rows go through tables of the session's own. */
const stagingSql = `
  create temp table seed_users (
    id uuid, email text, name text, locale text, status text, is_platform_admin boolean,
    metadata jsonb, last_sign_in_at timestamptz, password_hash text);
  create temp table seed_tenants (id uuid, slug text, name text, status text, metadata jsonb);
  create temp table seed_memberships (
    tenant_id uuid, user_id uuid, role_key text, is_active boolean, last_sign_in_at timestamptz,
    id uuid default uuidv7());
  create temp table seed_sessions (user_id uuid, tenant_id uuid, ip inet, user_agent text);
  -- The entries of the search indexes are sorted in by the million and not page by page: of 4, 32
  -- and 128 MB the last took half the time for 100,000 users.
  set gin_pending_list_limit = '128MB';
  set work_mem = '128MB';
  set maintenance_work_mem = '128MB'`;

/** Makes the connection ready for staging; once is enough. */
export async function prepareLoad(operator: Operator): Promise<void> {
  await operator.query(stagingSql);
}

/** Streams the users of a batch to the connection's own table, in place of what was there. */
export async function stageUsers(operator: Operator, { users }: Batch): Promise<void> {
  await operator.query('truncate seed_users');
  await operator.copy('seed_users', users.map(toUserRow));
}

/** The same for all that refers to users. */
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
 * Writes the staged users. Everything counts as created now; only the last sign-ins lie in the
 * past, as with people who came from another system. Raises what the database raises.
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
 * Writes the staged tenants with the built-in roles, then the memberships and sessions, whose users
 * must be there. Raises what the database raises.
 */
export async function insertStagedTenants(
  operator: Operator,
  { idleTimeoutSeconds, absoluteTimeoutSeconds }: SessionLifetime,
): Promise<void> {
  for (const statement of tenantStatements) await operator.query(statement);
  await operator.query(
    `insert into sessions (user_id, tenant_id, ip, user_agent, token_hash,
       idle_timeout_seconds, expires_at)
     select user_id, tenant_id, ip, user_agent,
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
       $1::int, now() + make_interval(secs => $2::int)
     from seed_sessions`,
    [idleTimeoutSeconds, absoluteTimeoutSeconds],
  );
}

/** In the order of their keys, so that one page of an index takes many entries in a row. */
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
