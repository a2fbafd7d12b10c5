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
  description: 'What a tenant sets for itself, by `updateTenant`.',
  fields: (t) => ({
    sessionIdleTimeoutSeconds: t.exposeInt('sessionIdleTimeoutSeconds', {
      nullable: true,
      description: 'Sessions bound to it end when unused for so long; null as on the platform.',
    }),
    sessionAbsoluteTimeoutSeconds: t.exposeInt('sessionAbsoluteTimeoutSeconds', {
      nullable: true,
      description: 'Sessions bound to it end so long after sign-in; null as on the platform.',
    }),
    defaultRoleKey: t.exposeString('defaultRoleKey', {
      description: 'The role of who joins without another being named.',
    }),
    allowedEmailDomains: t.stringList({
      description: 'Only people with addresses of these domains may join; empty for anybody.',
      resolve: ({ allowedEmailDomains }) => [...allowedEmailDomains],
    }),
  }),
});

const TenantLimits = builder.objectRef<LimitsRecord>('TenantLimits').implement({
  description: 'How much a tenant may have.',
  fields: (t) => ({
    members: t.exposeInt('members', { description: 'Active members.' }),
    apiKeys: t.exposeInt('apiKeys', {
      description: 'API keys that are neither revoked nor expired.',
    }),
    customRoles: t.exposeInt('customRoles', { description: 'Roles of its own.' }),
  }),
});

const TenantUsage = builder.objectRef<UsageRecord>('TenantUsage').implement({
  description: 'How much a tenant has.',
  fields: (t) => ({
    members: t.exposeInt('members', { description: 'Active members.' }),
    apiKeys: t.exposeInt('apiKeys', {
      description: 'API keys that are neither revoked nor expired.',
    }),
    pendingInvitations: t.exposeInt('pendingInvitations', {
      description: 'Invitations that somebody may still accept; each keeps the place of a member.',
    }),
    customRoles: t.exposeInt('customRoles', { description: 'Roles of its own.' }),
    sessions: t.exposeInt('sessions', { description: 'Live sessions that are bound to it.' }),
  }),
});

builder.objectFields(Tenant, (t) => ({
  settings: t.field({
    type: TenantSettings,
    description: 'What it sets for itself. Needs tenant:read.',
    resolve: ({ id }, _args, ctx) => service.getSettings(ctx, id),
  }),
  limits: t.field({
    type: TenantLimits,
    description: 'How much it may have. Needs tenant:read.',
    resolve: ({ id }, _args, ctx) => service.getLimits(ctx, id),
  }),
  usage: t.field({
    type: TenantUsage,
    description: 'How much it has. Needs tenant:read.',
    extensions: price({ own: 10 }),
    resolve: ({ id }, _args, ctx) => service.getUsage(ctx, id),
  }),
}));

const UpdateTenantLimitsInput = builder.inputType('UpdateTenantLimitsInput', {
  description: 'Limits that are left out stay as they are.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Which tenant.' }),
    members: t.int({ description: 'Most active members, at least 1.' }),
    apiKeys: t.int({ description: 'Most API keys that are neither revoked nor expired.' }),
    customRoles: t.int({ description: 'Most roles of its own.' }),
  }),
});

const UpdateTenantLimitsSuccess = builder
  .objectRef<{ limits: LimitsRecord }>('UpdateTenantLimitsSuccess')
  .implement({
    description: 'The limits hold for whatever is added from now on.',
    fields: (t) => ({
      limits: t.expose('limits', { type: TenantLimits, description: 'As they are now.' }),
    }),
  });

addMutation('updateTenantLimits', {
  description: 'Changes how much a tenant may have. Platform administrators only.',
  input: UpdateTenantLimitsInput,
  result: createResultType('UpdateTenantLimits', UpdateTenantLimitsSuccess),
  resolve: async (ctx, { tenantId, ...limits }) => ({
    limits: await service.updateTenantLimits(ctx, {
      tenantId: requireIdOf('Tenant', tenantId, 'tenant').id,
      limits,
    }),
  }),
});
