import type { LiveApiKey } from '../../core/access/live-api-key.ts';
import { type CursorKey, getRange, type PageRequest } from '../../core/data/page.ts';
import type { ApiKey } from '../../core/entities.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { RawReader } from '../../db/raw-reader.ts';
import type { TokenHash } from '../../lib/token.ts';
import type { MintedApiKey } from './token.ts';

const keyColumns = Prisma.sql`
  k.id, k.tenant_id as "tenantId", k.created_by as "createdBy", k.name, k.hint, k.permissions,
  k.created_at as "createdAt", k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt",
  k.revoked_at as "revokedAt"`;

export type NewApiKey = Pick<MintedApiKey, 'tokenHash' | 'hint'> & {
  tenantId: string;
  createdBy: string;
  name: string;
  permissions: readonly string[];
  /** Null for as long from now on as `lifetimeSeconds` says. */
  expiresAt: Date | null;
  lifetimeSeconds: number;
};

/** Makes a key; its times are those of the database's clock. */
export async function createApiKey(tx: Db, key: NewApiKey): Promise<ApiKey> {
  const [created] = await tx.$queryRaw<[ApiKey]>`
    insert into api_keys as k (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
    values (${key.tenantId}::uuid, ${key.createdBy}::uuid, ${key.name}, ${key.tokenHash}, ${key.hint},
      ${key.permissions}::text[],
      coalesce(${key.expiresAt}::timestamptz, now() + make_interval(secs => ${key.lifetimeSeconds}::int)))
    returning ${keyColumns}`;
  return created;
}

/** Whether a moment is still to come, and not further away than so many seconds. */
export async function comparePlannedEnd(
  db: Db,
  moment: Date,
  secondsMax: number,
): Promise<{ isAhead: boolean; isNear: boolean }> {
  const [row] = await db.$queryRaw<[{ isAhead: boolean; isNear: boolean }]>`
    select ${moment}::timestamptz > now() as "isAhead",
      ${moment}::timestamptz <= now() + make_interval(secs => ${secondsMax}::int) as "isNear"`;
  return row;
}

/** A key by its id and tenant, with whether it is neither revoked nor expired; or null. */
export async function findApiKey(
  db: Db,
  { id, tenantId }: Pick<ApiKey, 'id' | 'tenantId'>,
): Promise<(ApiKey & { isOpen: boolean }) | null> {
  const [key] = await db.$queryRaw<(ApiKey & { isOpen: boolean })[]>`
    select ${keyColumns}, k.revoked_at is null and k.expires_at > now() as "isOpen" from api_keys k
    where k.tenant_id = ${tenantId}::uuid and k.id = ${id}::uuid`;
  return key ?? null;
}

/** Revokes a key; null where there is none that is not revoked. */
export async function revokeApiKey(
  tx: Db,
  { id, tenantId }: Pick<ApiKey, 'id' | 'tenantId'>,
): Promise<ApiKey | null> {
  const [revoked] = await tx.$queryRaw<ApiKey[]>`
    update api_keys k set revoked_at = now()
    where k.tenant_id = ${tenantId}::uuid and k.id = ${id}::uuid and k.revoked_at is null
    returning ${keyColumns}`;
  return revoked ?? null;
}

/** Lets a key end after so many seconds, at the latest; null where it has ended already. */
export async function expireApiKey(
  tx: Db,
  { id, tenantId }: Pick<ApiKey, 'id' | 'tenantId'>,
  afterSeconds: number,
): Promise<ApiKey | null> {
  const [expiring] = await tx.$queryRaw<ApiKey[]>`
    update api_keys k
    set expires_at = least(k.expires_at, now() + make_interval(secs => ${afterSeconds}::int))
    where k.tenant_id = ${tenantId}::uuid and k.id = ${id}::uuid
      and k.revoked_at is null and k.expires_at > now()
    returning ${keyColumns}`;
  return expiring ?? null;
}

/** One more than a page of a tenant's keys, newest first; those that have ended too. */
export function listApiKeys(db: Db, tenantId: string, request: PageRequest): Promise<ApiKey[]> {
  return db.apiKey.findMany({
    where: { tenantId, id: getRange(request, true) },
    orderBy: { id: request.isBackward ? 'asc' : 'desc' },
    take: request.size + 1,
    omit: { tokenHash: true },
  });
}

export function toApiKeyKey({ id }: ApiKey): CursorKey {
  return [id];
}

/** Current permissions of keys of a tenant, without those that are not valid. */
export function listEffectivePermissions(
  db: Db,
  tenantId: string,
  ids: readonly string[],
): Promise<{ id: string; permissions: string[] }[]> {
  return db.$queryRaw<{ id: string; permissions: string[] }[]>`
    select k.id, array(
      select distinct p from membership_roles mr
      join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
      cross join unnest(r.permissions) p
      where mr.tenant_id = m.tenant_id and mr.membership_id = m.id and p = any (k.permissions)
      order by p) as permissions
    from api_keys k
    join tenants t on t.id = k.tenant_id and t.status = 'active'
    join user_tenants m on m.tenant_id = k.tenant_id and m.user_id = k.created_by and m.is_active
    join users u on u.id = m.user_id and u.status = 'active'
    where k.tenant_id = ${tenantId}::uuid and k.id = any (${ids}::uuid[])
      and k.revoked_at is null and k.expires_at > now()`;
}

type LiveApiKeyRow = ApiKey & {
  createdBy: string;
  ordinal: number;
  effectivePermissions: string[];
  needsTouch: boolean;
};

export type CheckedApiKey = LiveApiKey & { needsTouch: boolean };

/** Answers many key checks with one statement, in the order asked, null for what is not valid. */
export async function listLiveApiKeys(
  db: RawReader,
  tokenHashes: readonly TokenHash[],
): Promise<(CheckedApiKey | null)[]> {
  const rows = await db.$queryRaw<LiveApiKeyRow[]>`
    select ${keyColumns}, k.ordinal::int as ordinal, k.effective_permissions as "effectivePermissions",
      k.needs_touch as "needsTouch"
    from find_live_api_keys(${tokenHashes}::bytea[]) k`;
  const answers: (CheckedApiKey | null)[] = tokenHashes.map(() => null);
  for (const { ordinal, effectivePermissions: permissions, needsTouch, ...apiKey } of rows) {
    const creatorId = apiKey.createdBy;
    answers[ordinal - 1] = { apiKey, creatorId, permissions, needsTouch };
  }
  return answers;
}

/** Notes that keys were just used. */
export async function touchApiKeys(db: Db, ids: readonly string[]): Promise<void> {
  await db.$queryRaw`select touch_api_keys(${ids}::uuid[])::text`;
}
