import { builder } from '../../../graphql/builder.ts';
import { findTenantOf } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { type ApiKeyVerification, verifyApiKey } from '../service/verify.ts';
import { ApiKey } from './api-key.ts';

const ApiKeyVerificationType = builder
  .objectRef<ApiKeyVerification>('ApiKeyVerification')
  .implement({
    description: 'Result of checking an API key. Everything is null or empty unless it is valid.',
    fields: (t) => ({
      valid: t.exposeBoolean('isValid', { description: 'Whether the key is valid right now.' }),
      apiKey: t.expose('apiKey', { type: ApiKey, nullable: true, description: 'The key.' }),
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'Tenant the key acts in.',
        resolve: ({ apiKey }, _args, ctx) => findTenantOf(ctx, apiKey?.tenantId ?? null),
      }),
      permissions: t.stringList({
        description: 'Permissions the key has in its tenant right now.',
        resolve: ({ permissions }) => [...permissions],
      }),
      missing: t.stringList({
        description: 'Requested permissions that the key does not have.',
        resolve: ({ missing }) => [...missing],
      }),
    }),
  });

builder.queryField('verifyApiKey', (t) =>
  t.field({
    type: ApiKeyVerificationType,
    description:
      'For services: checks an API key and its permissions. Has no side effects. Requires api-keys:verify in the tenant of the key, unless the caller checks its own key.',
    args: {
      key: t.arg.string({ required: true, description: 'The key to check.' }),
      permissions: t.arg.stringList({
        description: 'Up to 100 permissions that the key should have.',
      }),
    },
    resolve: (_root, { key, permissions }, ctx) =>
      verifyApiKey(ctx, { key, permissions: permissions ?? [] }),
  }),
);
