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
  description: 'One entry of the audit log. Entries never change.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Opaque id.',
      resolve: ({ id, tenantId }) => toGlobalId('AuditEvent', id, tenantId),
    }),
    sequence: t.exposeInt('sequence', {
      description: 'Number of the entry in its audit log, without gaps.',
    }),
    at: t.field({ type: 'DateTime', description: 'When it happened.', resolve: ({ at }) => at }),
    action: t.exposeString('action', { description: 'The action, such as membership.updated.' }),
    actor: t.field({
      type: Node,
      nullable: true,
      description: 'The user or API key that acted; null if deleted or not visible to the caller.',
      resolve: (event, _args, ctx) =>
        findNodeOf(ctx, event.actorType, { id: event.actorId, tenantId: getActorTenant(event) }),
    }),
    actorId: t.id({
      nullable: true,
      description: 'Id of the actor; kept after the actor is deleted. Null for the system.',
      resolve: (event) =>
        event.actorId && toGlobalId(event.actorType, event.actorId, getActorTenant(event)),
    }),
    impersonator: t.field({
      type: User,
      nullable: true,
      description: 'The platform administrator who impersonated the actor.',
      resolve: ({ impersonatorId }, _args, ctx) => findUser(ctx, impersonatorId),
    }),
    impersonatorId: t.id({
      nullable: true,
      description: 'Id of that administrator, also where the caller cannot see the user.',
      resolve: ({ impersonatorId }) => impersonatorId && toGlobalId('User', impersonatorId),
    }),
    target: t.field({
      type: Node,
      nullable: true,
      description: 'The object that was changed; null if it was deleted.',
      resolve: ({ targetType, targetId, tenantId }, _args, ctx) =>
        findNodeOf(ctx, targetType, { id: targetId, tenantId }),
    }),
    changes: t.field({
      type: 'JSON',
      description: 'Old and new value of each changed field.',
      resolve: ({ changes }) => changes,
    }),
    requestId: t.exposeString('requestId', { nullable: true, description: 'Id of the request.' }),
    ip: t.exposeString('ip', { nullable: true, description: 'IP address of the request.' }),
    hash: t.string({
      description: 'Hash over this entry and the hash of the entry before it: hexadecimal SHA-256.',
      resolve: ({ hash }) => Buffer.from(hash).toString('hex'),
    }),
    redactedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When personal data of an erased user was removed from the entry; usually null.',
      resolve: ({ redactedAt }) => redactedAt,
    }),
  }),
});

registerNode('AuditEvent', (ctx, { id, tenantId }) =>
  tenantId === null ? Promise.resolve(null) : findAuditEvent(ctx, tenantId, id),
);

const AuditEventConnection = createConnectionType('AuditEvent', AuditEvent);

const AuditWhere = builder.inputType('AuditWhere', {
  description: 'Filters for an audit log; all of them must match.',
  fields: (t) => ({
    action: t.string({ description: 'Only entries with this action, such as role.created.' }),
    actorId: t.id({ description: 'Only entries by this user or API key.' }),
    targetId: t.id({ description: 'Only entries about this object.' }),
    from: t.field({ type: 'DateTime', description: 'Only entries at or after this time.' }),
    to: t.field({ type: 'DateTime', description: 'Only entries before this time.' }),
    isImpersonated: t.boolean({
      description: 'Only entries made while impersonating, or only entries made without.',
    }),
  }),
});

builder.objectField(Tenant, 'auditEvents', (t) =>
  t.field({
    type: AuditEventConnection,
    description: 'Audit log of the tenant, newest first. Requires audit:read.',
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
