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
    tenantId: t.id({ required: true, description: 'The tenant it is to act in.' }),
    name: t.string({ required: true, description: 'What it is for; 1 to 100 characters.' }),
    permissions: t.stringList({
      required: true,
      description: 'What it is to do; nothing that the caller may not, nor what is an owner’s.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it is to end: in 90 days if left out, in 365 at most.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const CreateApiKeySuccess = builder.objectRef<CreatedApiKey>('CreateApiKeySuccess').implement({
  description: 'The key is good from now on.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'The new key.' }),
    secret: t.exposeString('secret', { description: secretDescription }),
  }),
});

addMutation('createApiKey', {
  description:
    'Makes a key for a program, which then acts in the tenant with rights of the caller. Needs ' +
    'api-keys:manage as a member of the tenant.',
  input: CreateApiKeyInput,
  result: createResultType('CreateApiKey', CreateApiKeySuccess, [LimitReachedError]),
  resolve: (ctx, { tenantId, ...input }) =>
    createApiKey(ctx, { ...input, tenantId: requireIdOf('Tenant', tenantId, 'tenant').id }),
});

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'A key that is to be replaced by another with the same name and permissions.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'Which key.' }),
    overlapSeconds: t.int({
      description: 'How long the old key goes on, up to 86,400; not at all if left out.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the new key is to end; if left out, after as long as the old was made for.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const RotateApiKeySuccess = builder.objectRef<CreatedApiKey>('RotateApiKeySuccess').implement({
  description: 'The new key is good from now on, the old one for the overlap alone.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'The new key.' }),
    secret: t.exposeString('secret', { description: secretDescription }),
  }),
});

addMutation('rotateApiKey', {
  description:
    'Replaces a key by a new one of the caller’s. Needs api-keys:manage as a member, and every ' +
    'permission of the key.',
  input: RotateApiKeyInput,
  result: createResultType('RotateApiKey', RotateApiKeySuccess, [LimitReachedError]),
  resolve: (ctx, { apiKeyId, ...input }) =>
    rotateApiKey(ctx, { ...input, apiKey: requireTenantOwnedId('ApiKey', apiKeyId, 'API key') }),
});

const ApiKeyIdInput = builder.inputType('ApiKeyIdInput', {
  description: 'An API key.',
  fields: (t) => ({ apiKeyId: t.id({ required: true, description: 'Which key.' }) }),
});

const RevokeApiKeySuccess = builder
  .objectRef<{ apiKey: ApiKeyRecord }>('RevokeApiKeySuccess')
  .implement({
    description: 'The key is dead.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key as it is now.' }),
    }),
  });

addMutation('revokeApiKey', {
  description: 'Ends a key at once. Needs api-keys:manage; a key may also end itself.',
  input: ApiKeyIdInput,
  callers: 'credentials',
  result: createResultType('RevokeApiKey', RevokeApiKeySuccess),
  resolve: async (ctx, { apiKeyId }) => ({
    apiKey: await revokeApiKey(ctx, requireTenantOwnedId('ApiKey', apiKeyId, 'API key')),
  }),
});
