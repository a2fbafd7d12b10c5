import { createNotFound } from '../core/app-error.ts';
import { trimCode } from '../lib/blanks.ts';
import { nilUuid } from '../lib/uuid.ts';

/**
 * Public ids: a prefix for the type, and the UUID without hyphens. The id of a tenant-owned object also carries the
 * tenant's UUID, so that access to the tenant is checked before the object is read. Opaque to clients.
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

/** Whether ids of a type carry a tenant id; null if that depends on the object. */
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

/** A decoded id, with the tenant that it claims to belong to; null if it carries none. */
export type NodeKey = { id: string; tenantId: string | null };

const typeByPrefix = new Map(
  Object.entries(prefixes).map(([type, prefix]) => [prefix as string, type as NodeType]),
);
const idForm = /^([a-z]+)_([0-9a-f]{32})([0-9a-f]{32})?$/;

/** Encodes the public id of an object. */
export function toGlobalId(type: NodeType, id: string, tenantId: string | null = null): string {
  const tenant = tenantId === null ? '' : tenantId.replaceAll('-', '');
  return `${prefixes[type]}_${id.replaceAll('-', '')}${tenant}`;
}

/** Decodes a public id. Returns null for a malformed one. */
export function parseGlobalId(globalId: string): { type: NodeType; key: NodeKey } | null {
  const [, prefix = '', id = '', tenantId] = idForm.exec(trimCode(globalId)) ?? [];
  const type = typeByPrefix.get(prefix);
  if (type === undefined || !hasRightForm(type, tenantId !== undefined)) return null;
  return { type, key: { id: toUuid(id), tenantId: tenantId ? toUuid(tenantId) : null } };
}

/** Decodes an id of the given type. Returns null for any other, which services treat like that of an absent object. */
export function parseIdOf(type: NodeType, globalId: string): NodeKey | null {
  const parsed = parseGlobalId(globalId);
  return parsed?.type === type ? parsed.key : null;
}

/** Returns the bare UUID of an id of the given type. For any other it is the nil UUID, which no object has. */
export function parseIdOrNil(type: NodeType, globalId: string): string {
  return parseIdOf(type, globalId)?.id ?? nilUuid;
}

/** Decodes an id of the given type. @throws NotFoundError for any other, as for an absent object */
export function requireIdOf(type: NodeType, globalId: string, noun: string): NodeKey {
  const key = parseIdOf(type, globalId);
  if (key === null) throw createNotFound(noun);
  return key;
}

/** Decodes the id of a tenant-owned object. @throws NotFoundError for any other, as for an absent object */
export function requireTenantOwnedId(
  type: NodeType,
  globalId: string,
  noun: string,
): { id: string; tenantId: string } {
  const { id, tenantId } = requireIdOf(type, globalId, noun);
  if (tenantId === null) throw createNotFound(noun);
  return { id, tenantId };
}

/** Whether the id carries a tenant exactly if its type does: each object has only one id. */
function hasRightForm(type: NodeType, hasTenant: boolean): boolean {
  const carries = carriesTenant[type];
  return carries === null || carries === hasTenant;
}

function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
