import type { ApiKey, Tenant, User } from '../../core/entities.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import type { ListView } from '../list.ts';
import { formatTime } from '../table.ts';

/** A key with its effective permissions and its creator. */
export type KeyDetails = {
  apiKey: ApiKey;
  tenant: Tenant;
  /** Null once the creator is deleted, which also disables the key. */
  createdBy: User | null;
  effectivePermissions: readonly string[];
};

/** The id of a key as the API gives it. */
export function toKeyId({ id, tenantId }: ApiKey): string {
  return toGlobalId('ApiKey', id, tenantId);
}

/** The fields of the API's ApiKey. */
export function toKeyJson({ apiKey, tenant, createdBy, effectivePermissions }: KeyDetails): object {
  const { name, hint, permissions, createdAt, expiresAt, lastUsedAt, revokedAt } = apiKey;
  return {
    id: toKeyId(apiKey),
    name,
    hint,
    tenant: { id: toGlobalId('Tenant', tenant.id), slug: tenant.slug },
    createdBy: createdBy && { id: toGlobalId('User', createdBy.id), email: createdBy.email },
    permissions,
    effectivePermissions,
    createdAt,
    expiresAt,
    lastUsedAt,
    revokedAt,
  };
}

export const keyList: ListView<KeyDetails> = {
  noun: 'API keys',
  toJson: toKeyJson,
  columns: [
    { title: 'ID', toText: ({ apiKey }) => toKeyId(apiKey) },
    { title: 'NAME', toText: ({ apiKey }) => apiKey.name, isFlexible: true },
    { title: 'HINT', toText: ({ apiKey }) => apiKey.hint },
    { title: 'STATE', toText: describeState },
    { title: 'ENDS', toText: ({ apiKey }) => formatTime(apiKey.expiresAt) },
    { title: 'LAST USED', toText: ({ apiKey }) => formatTime(apiKey.lastUsedAt) },
    { title: 'CREATED BY', toText: ({ createdBy }) => createdBy?.email ?? null },
    { title: 'MAY', toText: describePermissions, isFlexible: true },
  ],
};

/** A key without effective permissions cannot be used, because its creator lost them. */
function describeState({ apiKey, effectivePermissions }: KeyDetails): string {
  if (apiKey.revokedAt !== null) return 'revoked';
  return effectivePermissions.length === 0 ? 'powerless' : 'good';
}

function describePermissions({ effectivePermissions }: KeyDetails): string {
  return effectivePermissions.join(' ');
}
