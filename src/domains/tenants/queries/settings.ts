import type { Db } from '../../../db/database.ts';
import type { StoredSettings } from '../rules.ts';

export type TenantLimits = { members: number; apiKeys: number; customRoles: number };

export type TenantPolicy = { tenantId: string; settings: StoredSettings; limits: TenantLimits };

/** Lists the settings and limits of tenants. */
export function listPolicies(db: Db, tenantIds: readonly string[]): Promise<TenantPolicy[]> {
  return db.$queryRaw<TenantPolicy[]>`
    select t.id as "tenantId", t.settings,
      jsonb_build_object('members', t.members_max, 'apiKeys', t.api_keys_max,
        'customRoles', t.custom_roles_max) as limits
    from tenants t where t.id = any (${tenantIds}::uuid[])`;
}

/** Counts of what is limited, and of bound sessions. */
export type TenantUsage = {
  members: number;
  apiKeys: number;
  /** Invitations that can still be accepted. */
  pendingInvitations: number;
  customRoles: number;
  sessions: number;
};

/** Lists the usage of tenants; each count uses an index of its own. */
export function listUsages(
  db: Db,
  tenantIds: readonly string[],
): Promise<(TenantUsage & { tenantId: string })[]> {
  return db.$queryRaw<(TenantUsage & { tenantId: string })[]>`
    select t.id as "tenantId", t.member_count as members,
      (select count(*)::int from api_keys k
       where k.tenant_id = t.id and k.revoked_at is null and k.expires_at > now()) as "apiKeys",
      (select count(*)::int from invitations i
        where i.tenant_id = t.id and i.status = 'pending' and i.expires_at > now())
         as "pendingInvitations",
      (select count(*)::int from roles r
       where r.tenant_id = t.id and not r.is_built_in) as "customRoles",
      (select count(*)::int from sessions s
       where s.tenant_id = t.id and s.expires_at > now()
         and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()) as sessions
    from tenants t where t.id = any (${tenantIds}::uuid[])`;
}

export async function updateSettings(
  tx: Db,
  tenantId: string,
  settings: StoredSettings,
): Promise<void> {
  await tx.$executeRaw`
    update tenants t set settings = ${JSON.stringify(settings)}::jsonb, updated_at = now()
    where t.id = ${tenantId}::uuid`;
}

/** Updates limits; undefined leaves one unchanged. Returns false outside the platform scope. */
export async function updateLimits(
  tx: Db,
  tenantId: string,
  limits: Partial<TenantLimits>,
): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select id::text from update_tenant_limits(${tenantId}::uuid, ${limits.members ?? null}::int,
      ${limits.apiKeys ?? null}::int, ${limits.customRoles ?? null}::int)`;
  return rows.length > 0;
}

/** Finds the permissions of a role by key. */
export async function findRolePermissions(
  db: Db,
  tenantId: string,
  key: string,
): Promise<string[] | null> {
  const role = await db.role.findFirst({ where: { tenantId, key }, select: { permissions: true } });
  return role?.permissions ?? null;
}
