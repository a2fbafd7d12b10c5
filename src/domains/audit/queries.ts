import type { CursorKey, PageRequest } from '../../core/page.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

/** One entry of the trail as it was written. */
export type AuditEvent = {
  id: string;
  tenantId: string | null;
  sequence: number;
  at: Date;
  action: string;
  actorType: 'User' | 'ApiKey';
  actorId: string | null;
  impersonatorId: string | null;
  targetType: string | null;
  targetId: string | null;
  changes: unknown;
  requestId: string | null;
  ip: string | null;
  hash: Uint8Array;
};

/** What a list of entries may be narrowed by. */
export type AuditFilter = {
  action?: string | null | undefined;
  actorId?: string | null | undefined;
};

const eventColumns = Prisma.sql`
  e.id, e.tenant_id as "tenantId", e.sequence::int as sequence, e.at, e.action,
  e.actor_type as "actorType", e.actor_id as "actorId", e.impersonator_id as "impersonatorId", e.target_type as "targetType",
  e.target_id as "targetId", e.changes, e.request_id as "requestId", host(e.ip) as ip, e.hash`;

/** One more than a page of a tenant's trail, newest first. */
export function listAuditEvents(
  db: Db,
  tenantId: string,
  request: PageRequest,
  filter: AuditFilter,
): Promise<AuditEvent[]> {
  const { after, before, isBackward } = request;
  return db.$queryRaw<AuditEvent[]>`
    select ${eventColumns} from audit_events e
    where e.chain_id = ${tenantId}::uuid
      ${filter.action == null ? Prisma.empty : Prisma.sql`and e.action = ${filter.action}`}
      ${filter.actorId == null ? Prisma.empty : Prisma.sql`and e.actor_id = ${filter.actorId}::uuid`}
      ${after ? Prisma.sql`and e.sequence < ${after[0]}::bigint` : Prisma.empty}
      ${before ? Prisma.sql`and e.sequence > ${before[0]}::bigint` : Prisma.empty}
    order by e.sequence ${isBackward ? Prisma.sql`asc` : Prisma.sql`desc`}
    limit ${request.size + 1}`;
}

/** Where an entry stands in its chain. */
export function toAuditEventKey(event: AuditEvent): CursorKey {
  return [String(event.sequence)];
}

/** Entries of one tenant by id. */
export function listAuditEventsById(
  db: Db,
  tenantId: string,
  ids: readonly string[],
): Promise<AuditEvent[]> {
  return db.$queryRaw<AuditEvent[]>`
    select ${eventColumns} from audit_events e
    where e.chain_id = ${tenantId}::uuid and e.id = any (${ids}::uuid[])`;
}
