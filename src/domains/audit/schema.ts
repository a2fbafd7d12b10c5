import type { Ctx } from '../../core/context.ts';
import { builder } from '../../graphql/builder.ts';
import { createConnectionType, pageArgs } from '../../graphql/connection.ts';
import { parseGlobalId, parseIdOf, parseIdOrNil, toGlobalId } from '../../graphql/ids.ts';
import { findNodeOf, Node, registerNode } from '../../graphql/node.ts';
import { nilUuid } from '../../lib/uuid.ts';
import { Tenant } from '../tenants/schema.ts';
import { userLoader } from '../users/loaders.ts';
import { User } from '../users/schema.ts';
import type { AuditEvent as AuditEventRecord } from './queries.ts';
import { findAuditEvent, listAuditEvents } from './service.ts';

export const AuditEvent = builder.objectRef<AuditEventRecord>('AuditEvent').implement({
  description: 'Something that was done, as it was written down then. It cannot be changed.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id.',
      resolve: ({ id, tenantId }) => toGlobalId('AuditEvent', id, tenantId),
    }),
    sequence: t.exposeInt('sequence', { description: 'Its number in the trail, without gaps.' }),
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ at }) => at }),
    action: t.exposeString('action', { description: 'What, such as membership.updated.' }),
    actor: t.field({
      type: Node,
      nullable: true,
      description: 'Who, a person or an API key; null where it is gone or not visible.',
      resolve: (event, _args, ctx) =>
        findNodeOf(ctx, event.actorType, { id: event.actorId, tenantId: getActorTenant(event) }),
    }),
    actorId: t.id({
      nullable: true,
      description: 'The id of who, which stays when that is gone; null for the system itself.',
      resolve: (event) =>
        event.actorId && toGlobalId(event.actorType, event.actorId, getActorTenant(event)),
    }),
    impersonator: t.field({
      type: User,
      nullable: true,
      description: 'The administrator who acted in that person’s name.',
      resolve: ({ impersonatorId }, _args, ctx) => findUser(ctx, impersonatorId),
    }),
    impersonatorId: t.id({
      nullable: true,
      description: 'The id of that administrator, also for who may not see them.',
      resolve: ({ impersonatorId }) => impersonatorId && toGlobalId('User', impersonatorId),
    }),
    target: t.field({
      type: Node,
      nullable: true,
      description: 'To what; null where it is gone.',
      resolve: ({ targetType, targetId, tenantId }, _args, ctx) =>
        findNodeOf(ctx, targetType, { id: targetId, tenantId }),
    }),
    changes: t.field({
      type: 'JSON',
      description: 'For each field that changed: before and after.',
      resolve: ({ changes }) => changes,
    }),
    requestId: t.exposeString('requestId', { nullable: true, description: 'In which request.' }),
    ip: t.exposeString('ip', { nullable: true, description: 'From where.' }),
    hash: t.string({
      description: 'Seals this entry and all before it; hexadecimal SHA-256.',
      resolve: ({ hash }) => Buffer.from(hash).toString('hex'),
    }),
    redactedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When personal data of somebody erased was taken out of it; null for most.',
      resolve: ({ redactedAt }) => redactedAt,
    }),
  }),
});

registerNode('AuditEvent', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : findAuditEvent(ctx, tenantId, id),
);

const AuditEventConnection = createConnectionType('AuditEvent', AuditEvent);

const AuditWhere = builder.inputType('AuditWhere', {
  description: 'What a trail is narrowed by; all of it must hold.',
  fields: (t) => ({
    action: t.string({ description: 'Only this action, such as role.created.' }),
    actorId: t.id({ description: 'Only what this user or API key did.' }),
    targetId: t.id({ description: 'Only what was done to this object.' }),
    from: t.field({ type: 'DateTime', description: 'Only from this moment on.' }),
    to: t.field({ type: 'DateTime', description: 'Only before this moment.' }),
    isImpersonated: t.boolean({
      description: 'Only what somebody did in another’s name, or only what nobody did so.',
    }),
  }),
});

builder.objectField(Tenant, 'auditEvents', (t) =>
  t.field({
    type: AuditEventConnection,
    description: 'What was done in the tenant, newest first. Needs audit:read.',
    args: { ...pageArgs(t), where: t.arg({ type: AuditWhere }) },
    resolve: ({ id }, { where, ...page }, ctx) => {
      const { actorId, targetId, ...rest } = where ?? {};
      return listAuditEvents(ctx, id, {
        page,
        filter: {
          ...rest,
          actorId: actorId == null ? null : parseActorId(actorId),
          targetId: targetId == null ? null : (parseGlobalId(targetId)?.key.id ?? nilUuid),
        },
      });
    },
  }),
);

/** Keys carry their tenant, people do not. */
function getActorTenant({ actorType, tenantId }: AuditEventRecord): string | null {
  return actorType === 'ApiKey' ? tenantId : null;
}

/** The bare id of a user or an API key; of nobody for anything else. */
function parseActorId(globalId: string): string {
  return parseIdOf('ApiKey', globalId)?.id ?? parseIdOrNil('User', globalId);
}

async function findUser(ctx: Ctx, userId: string | null) {
  return userId === null ? null : await userLoader(ctx).load(userId);
}
