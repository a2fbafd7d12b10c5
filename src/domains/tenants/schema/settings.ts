import { builder } from '../../../graphql/builder.ts';
import { requireIdOf } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { price } from '../../../graphql/price.ts';
import type {
  TenantLimits as LimitsRecord,
  TenantUsage as UsageRecord,
} from '../queries/settings.ts';
import type { TenantSettings as SettingsRecord } from '../rules.ts';
import { Tenant } from '../schema.ts';
import * as service from '../service/settings.ts';

const TenantSettings = builder.objectRef<SettingsRecord>('TenantSettings').implement({
  description: 'Settings that a tenant changes with `updateTenant`.',
  fields: (t) => ({
    sessionIdleTimeoutSeconds: t.exposeInt('sessionIdleTimeoutSeconds', {
      nullable: true,
      description:
        'Seconds without use after which sessions bound to it expire; null for the platform’s default.',
    }),
    sessionAbsoluteTimeoutSeconds: t.exposeInt('sessionAbsoluteTimeoutSeconds', {
      nullable: true,
      description:
        'Seconds after sign-in at which sessions bound to it expire; null for the platform’s default.',
    }),
    defaultRoleKey: t.exposeString('defaultRoleKey', {
      description: 'Key of the role for people who are invited without roles.',
    }),
    allowedEmailDomains: t.stringList({
      description: 'Only addresses of these domains may join; empty for any address.',
      resolve: ({ allowedEmailDomains }) => [...allowedEmailDomains],
    }),
  }),
});

const TenantLimits = builder.objectRef<LimitsRecord>('TenantLimits').implement({
  description: 'Limits of a tenant.',
  fields: (t) => ({
    members: t.exposeInt('members', { description: 'Active members.' }),
    apiKeys: t.exposeInt('apiKeys', {
      description: 'API keys that are neither revoked nor expired.',
    }),
    customRoles: t.exposeInt('customRoles', { description: 'Custom roles.' }),
  }),
});

const TenantUsage = builder.objectRef<UsageRecord>('TenantUsage').implement({
  description: 'Usage of a tenant.',
  fields: (t) => ({
    members: t.exposeInt('members', { description: 'Active members.' }),
    apiKeys: t.exposeInt('apiKeys', {
      description: 'API keys that are neither revoked nor expired.',
    }),
    pendingInvitations: t.exposeInt('pendingInvitations', {
      description: 'Pending invitations; each counts as a member towards the limit.',
    }),
    customRoles: t.exposeInt('customRoles', { description: 'Custom roles.' }),
    sessions: t.exposeInt('sessions', { description: 'Live sessions that are bound to it.' }),
  }),
});

builder.objectFields(Tenant, (t) => ({
  settings: t.field({
    type: TenantSettings,
    description: 'Settings of the tenant. Requires tenant:read.',
    resolve: ({ id }, _args, ctx) => service.getSettings(ctx, id),
  }),
  limits: t.field({
    type: TenantLimits,
    description: 'Limits of the tenant. Requires tenant:read.',
    resolve: ({ id }, _args, ctx) => service.getLimits(ctx, id),
  }),
  usage: t.field({
    type: TenantUsage,
    description: 'Current usage. Requires tenant:read.',
    extensions: price({ own: 10 }),
    resolve: ({ id }, _args, ctx) => service.getUsage(ctx, id),
  }),
}));

const UpdateTenantLimitsInput = builder.inputType('UpdateTenantLimitsInput', {
  description: 'Omitted limits stay unchanged.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Id of the tenant.' }),
    members: t.int({ description: 'Maximum number of active members, at least 1.' }),
    apiKeys: t.int({
      description: 'Maximum number of API keys that are neither revoked nor expired.',
    }),
    customRoles: t.int({ description: 'Maximum number of custom roles.' }),
  }),
});

const UpdateTenantLimitsSuccess = builder
  .objectRef<{ limits: LimitsRecord }>('UpdateTenantLimitsSuccess')
  .implement({
    description: 'The limits were changed; they apply to what is added from now on.',
    fields: (t) => ({
      limits: t.expose('limits', {
        type: TenantLimits,
        description: 'The limits after the change.',
      }),
    }),
  });

addMutation('updateTenantLimits', {
  description: 'Changes the limits of a tenant. Platform administrators only.',
  input: UpdateTenantLimitsInput,
  result: createResultType('UpdateTenantLimits', UpdateTenantLimitsSuccess),
  resolve: async (ctx, { tenantId, ...limits }) => ({
    limits: await service.updateTenantLimits(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      limits,
    }),
  }),
});
