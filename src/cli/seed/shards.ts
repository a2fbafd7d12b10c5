import type { Batch } from './load.ts';

/** The rows of a batch that refer to users. */
type TenantPart = Omit<Batch, 'users'>;

/**
 * Splits a batch into parts that can be inserted side by side: all that changes or locks the row of
 * one tenant is in one part, so that two connections never wait for each other (member_count is
 * kept by a trigger on that row).
 */
export function splitByTenant(batch: TenantPart, parts: number): TenantPart[] {
  return Array.from({ length: parts }, (_, part) => {
    const isHere = (id: string) => choosePart(id, parts) === part;
    return {
      tenants: batch.tenants.filter(({ id }) => isHere(id)),
      memberships: batch.memberships.filter(({ tenantId }) => isHere(tenantId)),
      sessions: batch.sessions.filter(({ tenantId, userId }) => isHere(tenantId ?? userId)),
    };
  });
}

/** By the random end of the id. */
function choosePart(id: string, parts: number): number {
  return Number.parseInt(id.slice(-4), 16) % parts;
}
