import { type PermissionInfo, permissionCatalogue } from '../../../core/access/permissions.ts';
import { builder } from '../../../graphql/builder.ts';
import { parseIdOf } from '../../../graphql/ids.ts';
import { checkPermissions, checksMax, type PermissionDecision } from '../service/check.ts';

type PermissionEntry = PermissionInfo & { key: string };

const Permission = builder.objectRef<PermissionEntry>('Permission').implement({
  description: 'One thing that a role can allow.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Its name for programs.' }),
    title: t.exposeString('title', { description: 'Its name for people.' }),
    description: t.exposeString('description', { description: 'What its holder can do.' }),
    isDangerous: t.exposeBoolean('isDangerous', {
      description: 'A mistake cannot be taken back, or it gives power to others.',
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
  description: 'May this user do this in that tenant?',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'Where.' }),
    permission: t.string({ required: true, description: 'What, by its key.' }),
    userId: t.id({ description: 'Who; the caller if left out.' }),
  }),
});

type DecisionEntry = PermissionDecision & { permission: string; tenantId: string };

const PermissionDecisionType = builder.objectRef<DecisionEntry>('PermissionDecision').implement({
  description: 'The answer to one check.',
  fields: (t) => ({
    permission: t.exposeString('permission', { description: 'As asked.' }),
    tenantId: t.exposeID('tenantId', { description: 'As asked.' }),
    allowed: t.exposeBoolean('isAllowed', { description: 'Whether it is allowed now.' }),
    reason: t.exposeString('reason', { description: 'The path that decided, for people.' }),
  }),
});

builder.queryField('checkPermissions', (t) =>
  t.field({
    type: [PermissionDecisionType],
    description: `Answers up to ${checksMax} checks at once, in their order.`,
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
