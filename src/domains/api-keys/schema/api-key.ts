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
    'A credential of a program. It acts in one tenant, and may do there what it was made for as long ' +
    'as its creator may do it.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id; not the key.',
      resolve: ({ id, tenantId }) => toGlobalId('ApiKey', id, tenantId),
    }),
    name: t.exposeString('name', { description: 'What it is for.' }),
    hint: t.exposeString('hint', { description: 'Prefix and last four characters of the key.' }),
    tenant: t.field({
      type: Tenant,
      description: 'Where it acts.',
      resolve: async ({ tenantId }, _args, ctx) => {
        const tenant = await tenantLoader(ctx).load(tenantId);
        if (!tenant) throw new Error('A visible API key must have a visible tenant.');
        return tenant;
      },
    }),
    createdBy: t.field({
      type: User,
      nullable: true,
      description: 'Who made it; null where that person is gone or not visible.',
      resolve: ({ createdBy }, _args, ctx) =>
        createdBy === null ? null : findVisibleUser(ctx, createdBy),
    }),
    permissions: t.stringList({
      description: 'What it was made for.',
      resolve: ({ permissions }) => [...permissions],
    }),
    effectivePermissions: t.stringList({
      description:
        'What it may do now: of its permissions those that its creator has. Nothing if it has ended.',
      resolve: async (key, _args, ctx) => [...(await listPermissionsOf(ctx, key))],
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => createdAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ends.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    lastUsedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to about a minute; null for never.',
      resolve: ({ lastUsedAt }) => lastUsedAt,
    }),
    revokedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null if it was not.',
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
    description: 'Its API keys, newest first; those that have ended as well. Needs api-keys:read.',
    args: forwardArgs(t),
    resolve: ({ id }, page, ctx) => listApiKeys(ctx, id, page),
  }),
);

builder.objectField(Viewer, 'apiKey', (t) =>
  t.field({
    type: ApiKey,
    nullable: true,
    description: 'The API key of this request; null for a person.',
    resolve: ({ apiKey }) => apiKey,
  }),
);
