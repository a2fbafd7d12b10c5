import type { Db } from '../../../db/database.ts';

/**
 * Revokes every API key that the scope's user created, in all tenants, and returns them. Here because a password change
 * does so, and domains import only earlier ones.
 */
export function revokeOwnApiKeys(tx: Db): Promise<{ id: string; tenantId: string }[]> {
  return tx.$queryRaw<{ id: string; tenantId: string }[]>`
    select id, tenant_id as "tenantId" from revoke_own_api_keys()`;
}
