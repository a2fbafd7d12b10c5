import type { CursorKey, PageRequest } from '../../core/data/page.ts';
import type { Db } from '../../db/database.ts';
import { Prisma } from '../../db/generated/client.ts';

/** One entry of the audit log as it was written. */
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
  redactedAt: Date | null;
};

/** Filters for audit entries. */
export type AuditFilter = {
  action?: string | null | undefined;
  actorId?: string | null | undefined;
  targetId?: string | null | undefined;
  /** From this moment on, and before that one. */
  from?: Date | null | undefined;
  to?: Date | null | undefined;
  /** Only what somebody did in another's name. */
  isImpersonated?: boolean | null | undefined;
};

const eventColumns = Prisma.sql`
  e.id, e.tenant_id as "tenantId", e.sequence::int as sequence, e.at, e.action,
  e.actor_type as "actorType", e.actor_id as "actorId", e.impersonator_id as "impersonatorId", e.target_type as "targetType",
  e.target_id as "targetId", e.changes, e.request_id as "requestId", host(e.ip) as ip, e.hash,
  e.redacted_at as "redactedAt"`;

/** One more than a page of a tenant's audit log, newest first. */
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
      ${whereFits(filter)}
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

/** The number of an entry of the tenant, or null where there is none with this id. */
export async function findSequence(db: Db, tenantId: string, id: string): Promise<number | null> {
  const [event] = await listAuditEventsById(db, tenantId, [id]);
  return event?.sequence ?? null;
}

/** The number of the newest entry of the tenant; 0 before the first. */
export async function findLastSequence(db: Db, tenantId: string): Promise<number> {
  const [last] = await db.$queryRaw<[{ sequence: number }]>`
    select coalesce(max(e.sequence), 0)::int as sequence from audit_events e
    where e.chain_id = ${tenantId}::uuid`;
  return last.sequence;
}

/** Entries of a tenant behind a number, oldest first. */
export function listAuditEventsAfter(
  db: Db,
  { tenantId, sequence, limit }: { tenantId: string; sequence: number; limit: number },
): Promise<AuditEvent[]> {
  return db.$queryRaw<AuditEvent[]>`
    select ${eventColumns} from audit_events e
    where e.chain_id = ${tenantId}::uuid and e.sequence > ${sequence}::bigint
    order by e.sequence limit ${limit}`;
}

/** The condition of a filter, each part of which begins with "and". */
function whereFits(filter: AuditFilter): Prisma.Sql {
  const { action, actorId, targetId, from, to, isImpersonated } = filter;
  const parts = [
    action == null ? null : Prisma.sql`and e.action = ${action}`,
    actorId == null ? null : Prisma.sql`and e.actor_id = ${actorId}::uuid`,
    targetId == null ? null : Prisma.sql`and e.target_id = ${targetId}::uuid`,
    from == null ? null : Prisma.sql`and e.at >= ${from}::timestamptz`,
    to == null ? null : Prisma.sql`and e.at < ${to}::timestamptz`,
    isImpersonated === true ? Prisma.sql`and e.impersonator_id is not null` : null,
    isImpersonated === false ? Prisma.sql`and e.impersonator_id is null` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? Prisma.empty : Prisma.join(parts, ' ');
}
