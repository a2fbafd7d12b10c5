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
  description: 'Something that was done to the viewer: time to ask again for what it is about.',
  fields: (t) => ({
    type: t.exposeString('type', { description: `What happened, one of\n${listOfTypes}` }),
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ at }) => at }),
    subject: t.field({
      type: Node,
      nullable: true,
      description: 'What it was done to; null where that is gone or not visible.',
      resolve: ({ targetType, targetId, tenantId }, _args, ctx) =>
        findNodeOf(ctx, targetType, { id: targetId, tenantId }),
    }),
  }),
});

builder.subscriptionFields((t) => ({
  auditEvents: t.field({
    type: AuditEvent,
    description:
      'The trail of a tenant as it grows, in order and without gaps: from behind `after`, else from now on. Needs audit:read, and ends when that or the credential is gone.',
    args: {
      tenantId: t.arg.id({ required: true }),
      after: t.arg.string({
        description: 'The id of the last entry that was read, or a cursor of an unfiltered list.',
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
      'What is done to the viewer from now on. Ends when the credential is not good any more.',
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

/** The last value of a stream may be the refusal that ended it. */
function orThrow<Value extends object>(value: Value | AppError): Value {
  if (value instanceof AppError) throw value;
  return value;
}
