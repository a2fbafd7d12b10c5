import { AppError } from '../../../core/app-error.ts';
import { builder } from '../../../graphql/builder.ts';
import { parseIdOf, parseIdOrNil } from '../../../graphql/ids.ts';
import { findNodeOf, Node } from '../../../graphql/node.ts';
import { viewerEventTypes } from '../rules.ts';
import { AuditEvent } from '../schema.ts';
import {
  type StartAfter,
  type ViewerEvent as ViewerEventRecord,
  watchAuditEvents,
  watchViewer,
} from '../service/watch.ts';

const listOfTypes = Object.entries(viewerEventTypes)
  .map(([type, meaning]) => `- ${type}: ${meaning}`)
  .join('\n');

const ViewerEvent = builder.objectRef<ViewerEventRecord>('ViewerEvent').implement({
  description: 'A change that affects the viewer; refetch what it is about.',
  fields: (t) => ({
    type: t.exposeString('type', { description: `What happened, one of\n${listOfTypes}` }),
    at: t.field({ type: 'DateTime', description: 'When it happened.', resolve: ({ at }) => at }),
    subject: t.field({
      type: Node,
      nullable: true,
      description: 'The changed object; null if deleted or not visible to the caller.',
      resolve: ({ targetType, targetId, tenantId }, _args, ctx) =>
        findNodeOf(ctx, targetType, { id: targetId, tenantId }),
    }),
  }),
});

builder.subscriptionFields((t) => ({
  auditEvents: t.field({
    type: AuditEvent,
    description:
      'New audit log entries of a tenant, in order and without gaps: after the entry `after`, or from now on. Requires audit:read; ends when the permission or the credential is lost.',
    args: {
      tenantId: t.arg.id({ required: true }),
      after: t.arg.string({
        description: 'Id of the last entry that was received, or a cursor of an unfiltered list.',
      }),
    },
    subscribe: (_root, { tenantId, after }, ctx) => {
      const tenant = parseIdOrNil('Tenant', tenantId);
      return watchAuditEvents(ctx, tenant, parseAfter(tenant, after));
    },
    resolve: orThrow,
  }),
  viewerEvents: t.field({
    type: ViewerEvent,
    description:
      'Changes that affect the viewer, from now on. Ends when the credential is no longer valid.',
    subscribe: (_root, _args, ctx) => watchViewer(ctx),
    resolve: orThrow,
  }),
}));

/** The id of an entry, which must be of this tenant, or a cursor. */
function parseAfter(tenantId: string, after: string | null | undefined): StartAfter {
  if (after == null) return null;
  const key = parseIdOf('AuditEvent', after);
  return key?.tenantId === tenantId ? { eventId: key.id } : { cursor: after };
}

/** The last value of a stream may be the error that ended it. */
function orThrow<Value extends object>(value: Value | AppError): Value {
  if (value instanceof AppError) throw value;
  return value;
}
