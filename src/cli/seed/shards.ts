import type { Batch } from './load.ts';

/** The rows of a batch that refer to users. */
type TenantPart = Omit<Batch, 'users'>;

/**
 * Splits a batch into parts for concurrent inserts. All rows that change or lock a tenant's row are in one part, so
 * that connections do not block each other (a trigger updates member_count in that row).
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

/** By the random tail of the id. */
function choosePart(id: string, parts: number): number {
  return Number.parseInt(id.slice(-4), 16) % parts;
}
