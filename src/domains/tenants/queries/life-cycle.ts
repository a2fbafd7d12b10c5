import { tenantColumns } from '../../../core/access/authorize.ts';
import type { Tenant } from '../../../core/entities.ts';
import type { Db } from '../../../db/database.ts';

/** Status changes; change_tenant_status() decides which are possible, and their results. */
export const tenantTransitions = ['suspend', 'resume', 'delete', 'restore'] as const;
export type TenantTransition = (typeof tenantTransitions)[number];

/** Changes the status. Returns null if the current status or the scope does not allow it. */
export async function changeTenantStatus(
  tx: Db,
  tenantId: string,
  transition: TenantTransition,
  graceDays: number,
): Promise<Tenant | null> {
  const [tenant] = await tx.$queryRaw<Tenant[]>`
    select ${tenantColumns}
    from change_tenant_status(${tenantId}::uuid, ${transition}, ${graceDays}::int) t`;
  return tenant ?? null;
}

/** Erases one step of a due tenant, at most `rowsMax` members. Returns null if no tenant is due. */
export async function eraseDueTenants(
  tx: Db,
  rowsMax: number,
): Promise<{ tenantId: string; isErased: boolean } | null> {
  const [step] = await tx.$queryRaw<{ tenantId: string; isErased: boolean }[]>`
    select tenant_id as "tenantId", is_erased as "isErased" from erase_due_tenants(${rowsMax}::int)`;
  return step ?? null;
}
