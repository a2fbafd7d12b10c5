import { NotFoundError } from '../core/app-error.ts';
import { trimCode } from '../lib/blanks.ts';
import { nilUuid } from '../lib/uuid.ts';

/**
 * Ids of the public API: a word for the type and the UUID without hyphens. What belongs to a tenant
 * also carries that tenant's UUID, so that reading it starts with the question whether the caller
 * may enter that tenant at all. To clients ids are opaque.
 */
const prefixes = {
  Tenant: 'tenant',
  User: 'user',
  Membership: 'member',
  Role: 'role',
  Session: 'session',
  ApiKey: 'key',
  Invitation: 'invite',
  AuditEvent: 'audit',
} as const;

export type NodeType = keyof typeof prefixes;

/** Whether the id of a type carries a tenant's; null where it depends on the object. */
const carriesTenant: Record<NodeType, boolean | null> = {
  Tenant: false,
  User: false,
  Membership: true,
  Role: true,
  Session: null,
  ApiKey: true,
  Invitation: true,
  AuditEvent: true,
};

/** A decoded id: the object, and the tenant it claims to belong to (null where it has none). */
export type NodeKey = { id: string; tenantId: string | null };

const typeByPrefix = new Map(
  Object.entries(prefixes).map(([type, prefix]) => [prefix as string, type as NodeType]),
);
const idForm = /^([a-z]+)_([0-9a-f]{32})([0-9a-f]{32})?$/;

/** The public id of an object. */
export function toGlobalId(type: NodeType, id: string, tenantId: string | null = null): string {
  const tenant = tenantId === null ? '' : tenantId.replaceAll('-', '');
  return `${prefixes[type]}_${id.replaceAll('-', '')}${tenant}`;
}

/** Reads a public id; null for anything that is none. */
export function parseGlobalId(globalId: string): { type: NodeType; key: NodeKey } | null {
  const [, prefix = '', id = '', tenantId] = idForm.exec(trimCode(globalId)) ?? [];
  const type = typeByPrefix.get(prefix);
  if (type === undefined || !hasRightForm(type, tenantId !== undefined)) return null;
  return { type, key: { id: toUuid(id), tenantId: tenantId ? toUuid(tenantId) : null } };
}

/** Reads the id of a known type; null for anything else, which services answer like an absent one. */
export function parseIdOf(type: NodeType, globalId: string): NodeKey | null {
  const parsed = parseGlobalId(globalId);
  return parsed?.type === type ? parsed.key : null;
}

/** The bare id of a known type; for anything else the nil UUID, which no object has. */
export function parseIdOrNil(type: NodeType, globalId: string): string {
  return parseIdOf(type, globalId)?.id ?? nilUuid;
}

/** The same for an input. Throws NotFoundError, as for an absent object, for anything else. */
export function requireIdOf(type: NodeType, globalId: string, noun: string): NodeKey {
  const key = parseIdOf(type, globalId);
  if (key === null)
    throw new NotFoundError(`This ${noun} does not exist or is not visible to you.`);
  return key;
}

/** The same for what belongs to a tenant, whose id must name that tenant. */
export function requireTenantOwnedId(
  type: NodeType,
  globalId: string,
  noun: string,
): { id: string; tenantId: string } {
  const { id, tenantId } = requireIdOf(type, globalId, noun);
  if (tenantId === null)
    throw new NotFoundError(`This ${noun} does not exist or is not visible to you.`);
  return { id, tenantId };
}

/** One object has one id: what is too long or too short for its type names nothing. */
function hasRightForm(type: NodeType, hasTenant: boolean): boolean {
  const carries = carriesTenant[type];
  return carries === null || carries === hasTenant;
}

function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
