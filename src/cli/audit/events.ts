import { setTimeout as sleep } from 'node:timers/promises';
import type { Operator } from '../../db/operator.ts';
import type { NodeType } from '../../graphql/ids.ts';

/** An entry of an audit log as stored; the view converts it to API ids. */
export type StoredAuditEvent = {
  id: string;
  /** Null in the audit log of a user. */
  tenantId: string | null;
  sequence: number;
  at: Date;
  action: string;
  actorType: 'User' | 'ApiKey';
  actorId: string | null;
  impersonatorId: string | null;
  targetType: NodeType | null;
  targetId: string | null;
  changes: unknown;
  requestId: string | null;
  ip: string | null;
  hash: string;
  redactedAt: Date | null;
};

const pageSize = 1_000;
const followEveryMs = 500;

/** All entries of a chain after a sequence number, oldest first, a page at a time. */
export async function* listAuditLog(
  operator: Operator,
  chainId: string,
  after: number,
): AsyncGenerator<StoredAuditEvent[]> {
  for (let position = after; ; ) {
    const events = await operator.query<StoredAuditEvent>(
      `select id, tenant_id as "tenantId", sequence::int as sequence, at, action,
         actor_type as "actorType", actor_id as "actorId",
         impersonator_id as "impersonatorId", target_type as "targetType", target_id as "targetId",
         changes, request_id as "requestId", host(ip) as ip, encode(hash, 'hex') as hash,
         redacted_at as "redactedAt"
       from audit_events where chain_id = $1 and sequence > $2 order by sequence limit $3`,
      [chainId, position, pageSize],
    );
    if (events.length === 0) return;
    yield events;
    position = events.at(-1)?.sequence ?? position;
  }
}

/** The last `count` entries, and with `isEndless` also new ones as they are written. */
export async function* followAuditLog(
  operator: Operator,
  chainId: string,
  { count, isEndless }: { count: number; isEndless: boolean },
): AsyncGenerator<StoredAuditEvent[]> {
  let position = Math.max(0, (await findLastSequence(operator, chainId)) - count);
  do {
    for await (const events of listAuditLog(operator, chainId, position)) {
      yield events;
      position = events.at(-1)?.sequence ?? position;
    }
    if (isEndless) await sleep(followEveryMs);
  } while (isEndless);
}

async function findLastSequence(operator: Operator, chainId: string): Promise<number> {
  const [last] = await operator.query<{ sequence: number }>(
    'select coalesce(max(sequence), 0)::int as sequence from audit_events where chain_id = $1',
    [chainId],
  );
  return last?.sequence ?? 0;
}
