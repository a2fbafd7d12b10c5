import { createTenantOwnedLoader } from '../../core/data/loader.ts';
import { listEffectivePermissions } from './queries.ts';

/** Current permissions of keys, null for one that is not valid. The caller can see the key. */
export const effectivePermissionsLoader = createTenantOwnedLoader<readonly string[]>(
  async (db, tenantId, ids) => {
    const rows = await listEffectivePermissions(db, tenantId, ids);
    return rows.map(({ id, permissions }) => [id, permissions]);
  },
);
