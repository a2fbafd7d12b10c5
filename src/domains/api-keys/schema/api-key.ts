import type { ApiKey as ApiKeyRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { createConnectionType, forwardArgs } from '../../../graphql/connection.ts';
import { toGlobalId } from '../../../graphql/ids.ts';
import { Node, registerNode } from '../../../graphql/node.ts';
import { Viewer } from '../../sessions/schema/viewer.ts';
import { tenantLoader } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { User } from '../../users/schema.ts';
import { findVisibleUser } from '../../users/service.ts';
import { findApiKey, listApiKeys, listPermissionsOf } from '../service/read.ts';

export const ApiKey = builder.objectRef<ApiKeyRecord>('ApiKey').implement({
  description:
    'A credential for a program. It acts in one tenant, with its own permissions as far as its creator still holds them.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id; not the key itself.',
      resolve: ({ id, tenantId }) => toGlobalId('ApiKey', id, tenantId),
    }),
    name: t.exposeString('name', { description: 'Name that says what it is for.' }),
    hint: t.exposeString('hint', { description: 'Prefix and last four characters of the key.' }),
    tenant: t.field({
      type: Tenant,
      description: 'Tenant the key acts in.',
      resolve: async ({ tenantId }, _args, ctx) => {
        const tenant = await tenantLoader(ctx).load(tenantId);
        if (!tenant) throw new Error('A visible API key must have a visible tenant.');
        return tenant;
      },
    }),
    createdBy: t.field({
      type: User,
      nullable: true,
      description:
        'Who created the key; null if that user was deleted or is not visible to the caller.',
      resolve: ({ createdBy }, _args, ctx) =>
        createdBy === null ? null : findVisibleUser(ctx, createdBy),
    }),
    permissions: t.stringList({
      description: 'Permissions the key was created with.',
      resolve: ({ permissions }) => [...permissions],
    }),
    effectivePermissions: t.stringList({
      description:
        'Permissions it has right now: its own, limited to those of its creator. Empty once it is revoked or expired.',
      resolve: async (key, _args, ctx) => [...(await listPermissionsOf(ctx, key))],
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the key was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the key expires.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    lastUsedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, accurate to about a minute; null if never.',
      resolve: ({ lastUsedAt }) => lastUsedAt,
    }),
    revokedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null if it was not revoked.',
      resolve: ({ revokedAt }) => revokedAt,
    }),
  }),
});

registerNode('ApiKey', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : findApiKey(ctx, { id, tenantId }),
);

const ApiKeyConnection = createConnectionType('ApiKey', ApiKey);

builder.objectField(Tenant, 'apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    description:
      'API keys of the tenant, newest first, including revoked and expired ones. Requires api-keys:read.',
    args: forwardArgs(t),
    resolve: ({ id }, page, ctx) => listApiKeys(ctx, id, page),
  }),
);

builder.objectField(Viewer, 'apiKey', (t) =>
  t.field({
    type: ApiKey,
    nullable: true,
    description: 'API key of this request; null for a user.',
    resolve: ({ apiKey }) => apiKey,
  }),
);
