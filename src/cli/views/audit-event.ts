import { type NodeType, toGlobalId } from '../../graphql/ids.ts';
import type { ChainFault, Verification } from '../audit/chains.ts';
import type { StoredAuditEvent } from '../audit/events.ts';
import type { ListView } from '../list.ts';
import { type Column, createTable, formatCount } from '../table.ts';

export const auditEventList: ListView<StoredAuditEvent> = {
  noun: 'entries',
  toJson: toAuditEventJson,
  columns: [
    { title: 'AT', toText: ({ at }) => at.toISOString().slice(0, 19).replace('T', ' ') },
    { title: 'NO', toText: ({ sequence }) => sequence },
    { title: 'ACTION', toText: ({ action }) => action },
    { title: 'BY', toText: (event) => toActorId(event) ?? 'operator' },
    { title: 'TO', toText: toTargetId },
    { title: 'CHANGES', toText: ({ changes }) => JSON.stringify(changes), isFlexible: true },
  ],
};

const chainFaultColumns: readonly Column<ChainFault>[] = [
  { title: 'CHAIN', toText: ({ chain }) => chain },
  { title: 'OF', toText: ({ name }) => name },
  { title: 'ENTRY', toText: ({ sequence }) => sequence },
  { title: 'FAULT', toText: ({ fault }) => fault },
];

/** An entry with the API's names and ids. */
export function toAuditEventJson(event: StoredAuditEvent): object {
  const { id, tenantId, sequence, at, action, impersonatorId, changes } = event;
  const { requestId, ip, hash, redactedAt } = event;
  return {
    id: toGlobalId('AuditEvent', id, tenantId),
    sequence,
    at,
    action,
    actorId: toActorId(event),
    impersonatorId: impersonatorId && toGlobalId('User', impersonatorId),
    targetId: toTargetId(event),
    changes,
    requestId,
    ip,
    hash,
    redactedAt,
  };
}

/** Result of a verification, for people. */
export function describeVerification({ chains, events, redacted, faults }: Verification): string {
  const taken = redacted === 0 ? '' : `, ${redacted} of them with personal data taken out`;
  const looked = `${formatCount(chains, 'chain')} with ${formatCount(events, 'entry', 'entries')}${taken}`;
  if (faults.length === 0) return `${looked}: all as they were written.`;
  const table = createTable(chainFaultColumns, null)(faults);
  return `${table}\n${looked}: ${faults.length} broken.`;
}

/** Null for an operator. */
function toActorId({ actorType, actorId, tenantId }: StoredAuditEvent): string | null {
  if (actorId === null) return null;
  return toGlobalId(actorType, actorId, actorType === 'ApiKey' ? tenantId : null);
}

function toTargetId({ targetType, targetId, tenantId }: StoredAuditEvent): string | null {
  if (targetType === null || targetId === null) return null;
  const isWithoutTenant: readonly NodeType[] = ['User', 'Tenant'];
  return toGlobalId(targetType, targetId, isWithoutTenant.includes(targetType) ? null : tenantId);
}
