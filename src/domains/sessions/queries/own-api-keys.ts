import type { Db } from '../../../db/database.ts';

/**
 * Ends every key that the person of the scope has made, in whatever tenant; answers them. Here because a
 * change of the password does so, and the domain of keys is younger.
 */
export function revokeOwnApiKeys(tx: Db): Promise<{ id: string; tenantId: string }[]> {
  return tx.$queryRaw<{ id: string; tenantId: string }[]>`
    select id, tenant_id as "tenantId" from revoke_own_api_keys()`;
}
