import { type PermissionInfo, permissionCatalogue } from '../../../core/access/permissions.ts';
import { builder } from '../../../graphql/builder.ts';
import { parseIdOf } from '../../../graphql/ids.ts';
import { checkPermissions, checksMax, type PermissionDecision } from '../service/check.ts';

type PermissionEntry = PermissionInfo & { key: string };

const Permission = builder.objectRef<PermissionEntry>('Permission').implement({
  description: 'A permission that roles can grant.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Key for programs.' }),
    title: t.exposeString('title', { description: 'Display name.' }),
    description: t.exposeString('description', { description: 'What the permission allows.' }),
    isDangerous: t.exposeBoolean('isDangerous', {
      description: 'True for irreversible actions and for those that grant access to others.',
    }),
  }),
});

builder.queryField('permissions', (t) =>
  t.field({
    type: [Permission],
    description: 'The catalogue of all permissions.',
    resolve: () => Object.entries(permissionCatalogue).map(([key, info]) => ({ key, ...info })),
  }),
);

const PermissionCheckInput = builder.inputType('PermissionCheckInput', {
  description: 'One permission check: may this user do this in that tenant?',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'The tenant.' }),
    permission: t.string({ required: true, description: 'Key of the permission.' }),
    userId: t.id({ description: 'The user; defaults to the caller.' }),
  }),
});

type DecisionEntry = PermissionDecision & { permission: string; tenantId: string };

const PermissionDecisionType = builder.objectRef<DecisionEntry>('PermissionDecision').implement({
  description: 'Result of one check.',
  fields: (t) => ({
    permission: t.exposeString('permission', {
      description: 'Key of the permission, as requested.',
    }),
    tenantId: t.exposeID('tenantId', { description: 'Id of the tenant, as requested.' }),
    allowed: t.exposeBoolean('isAllowed', { description: 'Whether it is allowed right now.' }),
    reason: t.exposeString('reason', { description: 'Explanation of the decision, for people.' }),
  }),
});

builder.queryField('checkPermissions', (t) =>
  t.field({
    type: [PermissionDecisionType],
    description: `Runs up to ${checksMax} permission checks at once and returns results in their order.`,
    args: { checks: t.arg({ type: [PermissionCheckInput], required: true }) },
    resolve: async (_root, { checks }, ctx) => {
      const decisions = await checkPermissions(
        ctx,
        checks.map(({ tenantId, permission, userId }) => ({
          permission,
          tenantId: parseIdOf('Tenant', tenantId)?.id ?? null,
          userId: userId == null ? undefined : (parseIdOf('User', userId)?.id ?? null),
        })),
      );
      return checks.map(({ permission, tenantId }, index) => ({
        permission,
        tenantId,
        ...(decisions[index] ?? { isAllowed: false, reason: '' }),
      }));
    },
  }),
);
