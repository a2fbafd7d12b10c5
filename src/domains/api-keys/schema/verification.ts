import { builder } from '../../../graphql/builder.ts';
import { findTenantOf } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { type ApiKeyVerification, verifyApiKey } from '../service/verify.ts';
import { ApiKey } from './api-key.ts';

const ApiKeyVerificationType = builder
  .objectRef<ApiKeyVerification>('ApiKeyVerification')
  .implement({
    description: 'What is known about an API key. Empty unless it is good.',
    fields: (t) => ({
      valid: t.exposeBoolean('isValid', { description: 'The key is good now.' }),
      apiKey: t.expose('apiKey', { type: ApiKey, nullable: true, description: 'Which key it is.' }),
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'Where it acts.',
        resolve: ({ apiKey }, _args, ctx) => findTenantOf(ctx, apiKey?.tenantId ?? null),
      }),
      permissions: t.stringList({
        description: 'What it may do there now.',
        resolve: ({ permissions }) => [...permissions],
      }),
      missing: t.stringList({
        description: 'Of the permissions that were asked for, those it does not give.',
        resolve: ({ missing }) => [...missing],
      }),
    }),
  });

builder.queryField('verifyApiKey', (t) =>
  t.field({
    type: ApiKeyVerificationType,
    description:
      'For services: is this API key good, and with what permissions? Writes nothing. Needs ' +
      'api-keys:verify in the tenant of the key, or is about the caller itself.',
    args: {
      key: t.arg.string({ required: true, description: 'The key to check.' }),
      permissions: t.arg.stringList({ description: 'Up to 100 that it should give.' }),
    },
    resolve: (_root, { key, permissions }, ctx) =>
      verifyApiKey(ctx, { key, permissions: permissions ?? [] }),
  }),
);
