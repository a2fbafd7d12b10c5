import { type Access, authorize } from '../../../core/access/authorize.ts';
import { requireGrantable } from '../../../core/access/grants.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getPlatformScope } from '../../../core/access/scopes.ts';
import { createNotFound, InvalidInputError, LimitReachedError } from '../../../core/app-error.ts';
import { type Changes, listChanges, recordAudit } from '../../../core/audit.ts';
import { type Ctx, requirePlatformAdmin } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { policyLoader, usageLoader } from '../loaders.ts';
import {
  findRolePermissions,
  listPolicies,
  listUsages,
  type TenantLimits,
  type TenantPolicy,
  type TenantUsage,
  updateLimits,
  updateSettings,
} from '../queries/settings.ts';
import { lockTenant } from '../queries.ts';
import {
  completeSettings,
  mergeSettings,
  type SettingsPatch,
  type TenantSettings,
} from '../rules.ts';

const readTenant = permission('tenant:read');
const ownTenant = permission('tenant:own');
const limitMax = 10_000_000;

/** Returns the settings of a tenant. Requires tenant:read. */
export async function getSettings(ctx: Ctx, tenantId: string): Promise<TenantSettings> {
  await authorize(ctx, { id: tenantId }, readTenant);
  return completeSettings((await policyLoader(ctx).load(tenantId)).settings);
}

/** Returns the limits of a tenant. Requires tenant:read. */
export async function getLimits(ctx: Ctx, tenantId: string): Promise<TenantLimits> {
  await authorize(ctx, { id: tenantId }, readTenant);
  return (await policyLoader(ctx).load(tenantId)).limits;
}

/** Returns the usage of a tenant. Requires tenant:read. */
export async function getUsage(ctx: Ctx, tenantId: string): Promise<TenantUsage> {
  await authorize(ctx, { id: tenantId }, readTenant);
  return await usageLoader(ctx).load(tenantId);
}

/**
 * Changes settings in the transaction of updateTenant and returns the changes. Locks the tenant, so that concurrent
 * changes run one after another. The default role cannot grant more than the caller has.
 * @throws InvalidInputError, ForbiddenError
 */
export async function changeSettings(
  tx: Db,
  access: Access,
  patch: SettingsPatch,
): Promise<Changes> {
  const { id: tenantId } = access.tenant;
  await lockTenant(tx, tenantId);
  const { settings: before } = await getPolicy(tx, tenantId);
  if (patch.defaultRoleKey) await checkDefaultRole(tx, access, patch.defaultRoleKey);
  const after = mergeSettings(before, patch);
  await updateSettings(tx, tenantId, after);
  return listChanges({ settings: before }, { settings: after }, ['settings']);
}

async function checkDefaultRole(tx: Db, access: Access, key: string): Promise<void> {
  const path = ['settings', 'defaultRoleKey'];
  const permissions = await findRolePermissions(tx, access.tenant.id, key);
  if (permissions === null) throw new InvalidInputError('No role has this key.', path);
  if (permissions.includes(ownTenant)) {
    throw new InvalidInputError('The owner role cannot be the default role.', path);
  }
  requireGrantable(access.permissions, [{ permissions }]);
}

export type UpdateLimitsInput = {
  tenantId: string;
  limits: { [Key in keyof TenantLimits]?: number | null | undefined };
};

/**
 * Changes the limits of a tenant. What exceeds a new limit stays, but nothing can be added. Platform administrators
 * only.
 * @throws ForbiddenError, NotFoundError, InvalidInputError
 */
export async function updateTenantLimits(
  ctx: Ctx,
  input: UpdateLimitsInput,
): Promise<TenantLimits> {
  requirePlatformAdmin(ctx);
  const { tenantId } = input;
  const limits = checkLimits(input.limits);
  const changed = await ctx.db.transaction(getPlatformScope(ctx), async (tx) => {
    await lockTenant(tx, tenantId);
    const { limits: before } = await getPolicy(tx, tenantId);
    await updateLimits(tx, tenantId, limits);
    const after = { ...before, ...limits };
    await recordAudit(ctx, tx, {
      action: 'tenant.limits_updated',
      tenantId,
      target: { type: 'Tenant', id: tenantId },
      changes: listChanges(before, after, ['members', 'apiKeys', 'customRoles']),
    });
    return after;
  });
  policyLoader(ctx).clear(tenantId);
  return changed;
}

function checkLimits(limits: UpdateLimitsInput['limits']): Partial<TenantLimits> {
  const given = Object.entries(limits).flatMap(([field, value]) => {
    if (value == null) return [];
    const min = field === 'members' ? 1 : 0;
    if (value < min || value > limitMax) {
      throw new InvalidInputError(`"${field}" must be between ${min} and ${limitMax}.`, [field]);
    }
    return [[field, value]];
  });
  return Object.fromEntries(given);
}

/**
 * Checks that `added` more fit into a limit of the tenant. Locks the tenant until the transaction ends, so that
 * concurrent additions cannot exceed the limit.
 * @throws LimitReachedError
 */
export async function requireCapacity(
  tx: Db,
  tenantId: string,
  kind: keyof TenantLimits,
  added = 1,
): Promise<void> {
  await lockTenant(tx, tenantId);
  const policy = await getPolicy(tx, tenantId);
  if (added <= (await countCapacity(tx, policy, kind))) return;
  const { limits } = policy;
  throw new LimitReachedError(`This tenant can have at most ${limits[kind]} ${nouns[kind]}.`);
}

const nouns = { members: 'members', apiKeys: 'API keys', customRoles: 'custom roles' };

/**
 * Counts how many more the tenant may have; exact only while it is locked. A pending invitation counts as a member, so
 * that it can be accepted.
 */
export async function countCapacity(
  tx: Db,
  { tenantId, limits }: TenantPolicy,
  kind: keyof typeof nouns,
): Promise<number> {
  const [usage] = await listUsages(tx, [tenantId]);
  const reserved = kind === 'members' ? (usage?.pendingInvitations ?? 0) : 0;
  return limits[kind] - reserved - (usage?.[kind] ?? 0);
}

/** Returns the settings and limits of a tenant, within a transaction. @throws NotFoundError */
export async function getPolicy(tx: Db, tenantId: string): Promise<TenantPolicy> {
  const [policy] = await listPolicies(tx, [tenantId]);
  if (!policy) throw createNotFound('tenant');
  return policy;
}
