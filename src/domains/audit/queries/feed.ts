import type { Db } from '../../../db/database.ts';
import type { UserEvent } from '../rules.ts';

/** How far each of these chains goes; one that nothing was written to yet is left out. */
export function listHeads(
  db: Db,
  chainIds: readonly string[],
): Promise<{ chainId: string; sequence: number }[]> {
  return db.$queryRaw`
    select chain_id as "chainId", sequence::int as sequence
    from list_audit_heads(${chainIds}::uuid[])`;
}

/** Entries about these users of the last 30 seconds, oldest first. */
export function listUserEvents(
  db: Db,
  userIds: readonly string[],
): Promise<(UserEvent & { userId: string })[]> {
  return db.$queryRaw`
    select user_id as "userId", id, tenant_id as "tenantId", at, action, target_type as "targetType",
      target_id as "targetId", changes
    from list_viewer_events(${userIds}::uuid[])`;
}
