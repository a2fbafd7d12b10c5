import { LimitReachedError } from '../../../core/app-error.ts';
import type { ApiKey as ApiKeyRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { requireIdOf, requireTenantOwnedId } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { type CreatedApiKey, createApiKey, rotateApiKey } from '../service/create.ts';
import { revokeApiKey } from '../service/revoke.ts';
import { ApiKey } from './api-key.ts';

const secretDescription = 'Shown once. Send it as `Authorization: Bearer`.';

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new API key.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Tenant the key acts in.' }),
    name: t.string({
      required: true,
      description: 'Name that says what it is for; 1 to 100 characters.',
    }),
    permissions: t.stringList({
      required: true,
      description:
        'Permissions of the key: only ones the caller holds, and none reserved for owners.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it expires: after 90 days by default, 365 days at most.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const CreateApiKeySuccess = builder.objectRef<CreatedApiKey>('CreateApiKeySuccess').implement({
  description: 'The key is valid immediately.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'The new key.' }),
    secret: t.exposeString('secret', { description: secretDescription }),
  }),
});

addMutation('createApiKey', {
  description:
    'Creates a key for a program that acts in the tenant with permissions of the caller. Requires api-keys:manage as a member of the tenant.',
  input: CreateApiKeyInput,
  result: createResultType('CreateApiKey', CreateApiKeySuccess, [LimitReachedError]),
  resolve: (ctx, { tenantId, ...input }) =>
    createApiKey(ctx, { ...input, tenantId: requireIdOf('Tenant', tenantId, 'tenant').id }),
});

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'A key to replace with a new one of the same name and permissions.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'Id of the key.' }),
    overlapSeconds: t.int({
      description: 'Seconds the old key keeps working, up to 86,400; 0 by default.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the new key expires; by default it gets the lifetime of the old one.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const RotateApiKeySuccess = builder.objectRef<CreatedApiKey>('RotateApiKeySuccess').implement({
  description: 'The new key is valid immediately, the old one for the overlap only.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'The new key.' }),
    secret: t.exposeString('secret', { description: secretDescription }),
  }),
});

addMutation('rotateApiKey', {
  description:
    'Replaces a key with a new one owned by the caller. Requires api-keys:manage as a member and every permission of the key.',
  input: RotateApiKeyInput,
  result: createResultType('RotateApiKey', RotateApiKeySuccess, [LimitReachedError]),
  resolve: (ctx, { apiKeyId, ...input }) =>
    rotateApiKey(ctx, { ...input, apiKey: requireTenantOwnedId('ApiKey', apiKeyId, 'API key') }),
});

const ApiKeyIdInput = builder.inputType('ApiKeyIdInput', {
  description: 'An API key.',
  fields: (t) => ({ apiKeyId: t.id({ required: true, description: 'Id of the key.' }) }),
});

const RevokeApiKeySuccess = builder
  .objectRef<{ apiKey: ApiKeyRecord }>('RevokeApiKeySuccess')
  .implement({
    description: 'The key was revoked.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key after the change.' }),
    }),
  });

addMutation('revokeApiKey', {
  description: 'Revokes a key immediately. Requires api-keys:manage; a key can also revoke itself.',
  input: ApiKeyIdInput,
  callers: 'credentials',
  result: createResultType('RevokeApiKey', RevokeApiKeySuccess),
  resolve: async (ctx, { apiKeyId }) => ({
    apiKey: await revokeApiKey(ctx, requireTenantOwnedId('ApiKey', apiKeyId, 'API key')),
  }),
});
