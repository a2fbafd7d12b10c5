import { createTenantOwnedLoader } from '../../core/data/loader.ts';
import { listEffectivePermissions } from './queries.ts';

/** What keys may do at this moment, null for one that is not good. The caller sees the key. */
export const effectivePermissionsLoader = createTenantOwnedLoader<readonly string[]>(
  async (db, tenantId, ids) => {
    const rows = await listEffectivePermissions(db, tenantId, ids);
    return rows.map(({ id, permissions }) => [id, permissions]);
  },
);
