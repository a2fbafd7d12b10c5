import { authorize } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import { type AppError, InvalidInputError, LimitReachedError } from '../../../core/app-error.ts';
import { type Ctx, findActorId, getSignedIn } from '../../../core/context.ts';
import { recheck } from '../../../core/streams/recheck.ts';
import { noScope } from '../../../db/scope.ts';
import { getAuditFeed } from '../feed.ts';
import { listUserEvents } from '../queries/feed.ts';
import * as queries from '../queries.ts';
import { listViewerEventTypes, type UserEvent, type ViewerEventType } from '../rules.ts';
import { getListBinding } from '../service.ts';

const readAudit = permission('audit:read');

/** Entries read at once; more only wait in the database. */
const pageSize = 50;

/** Entries not yet delivered; a reader this slow is better off reconnecting. */
const viewerEventsMax = 200;

/** From where on to follow an audit log: behind an entry, or behind the place of a cursor. */
export type StartAfter = { eventId: string } | { cursor: string } | null;

/**
 * The audit log of a tenant as it grows, each entry once and in order: what stands behind `after`, then
 * whatever follows; without it only that. Ends with the error as its last value as soon as the caller
 * may not read it any more. Needs audit:read. Throws as authorize() and Streams.open(), and
 * InvalidInputError for an `after` that is not of this audit log.
 */
export async function watchAuditEvents(
  ctx: Ctx,
  tenantId: string,
  after: StartAfter,
): Promise<AsyncIterable<queries.AuditEvent | AppError>> {
  await authorize(ctx, { id: tenantId }, readAudit);
  let position = await findStart(ctx, tenantId, after);
  return ctx.runtime.streams.open({
    request: ctx.request,
    owner: getOwner(ctx),
    watch: (wake) => getAuditFeed(ctx.runtime).watchAuditLog(tenantId, wake),
    recheck: () => recheck(ctx, { tenantId, permission: readAudit }),
    read: async () => {
      // In the caller's own scope, so that row security holds for each stream by itself.
      const events = await ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
        queries.listAuditEventsAfter(db, { tenantId, sequence: position, limit: pageSize }),
      );
      position = events.at(-1)?.sequence ?? position;
      return events;
    },
  });
}

async function findStart(ctx: Ctx, tenantId: string, after: StartAfter): Promise<number> {
  if (after !== null && 'cursor' in after) {
    const key = ctx.runtime.cursors.decode(getListBinding(tenantId, {}), after.cursor);
    if (key !== null) return Number(key[0]);
  } else {
    const found = await ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
      after === null
        ? queries.findLastSequence(db, tenantId)
        : queries.findSequence(db, tenantId, after.eventId),
    );
    if (found !== null) return found;
  }
  throw new InvalidInputError('"after" is not an entry or cursor of this audit log.', ['after']);
}

/** Events for the viewer. */
export type ViewerEvent = UserEvent & { type: ViewerEventType };

/**
 * What is done to the caller from now on, wherever. A session that is bound to one tenant hears of
 * nothing in others. Ends as watchAuditEvents() does. For people only. Throws UnauthenticatedError,
 * ForbiddenError, and as Streams.open().
 */
export async function watchViewer(ctx: Ctx): Promise<AsyncIterable<ViewerEvent | AppError>> {
  const { user, session } = getSignedIn(ctx);
  const before = await ctx.db.read(noScope, (db) => listUserEvents(db, [user.id]));
  const inbox = createInbox(before, session.tenantId);
  return ctx.runtime.streams.open({
    request: ctx.request,
    owner: getOwner(ctx),
    watch: (wake) =>
      getAuditFeed(ctx.runtime).watchUser(user.id, (news) => {
        if (inbox.put(news)) wake();
      }),
    recheck: () => recheck(ctx, null),
    read: async () => inbox.take(),
  });
}

/** Each piece of news once, though it is found for as long as it is new. */
function createInbox(before: readonly UserEvent[], boundTo: string | null) {
  let known: ReadonlySet<string> = new Set(before.map(({ id }) => id));
  let events: ViewerEvent[] = [];
  return {
    put(news: readonly UserEvent[]): boolean {
      const fresh = news.filter(({ id }) => !known.has(id));
      known = new Set(news.map(({ id }) => id));
      for (const one of fresh) {
        if (boundTo !== null && one.tenantId !== null && one.tenantId !== boundTo) continue;
        if (events.length > viewerEventsMax) break;
        events.push(...listViewerEventTypes(one).map((type) => ({ ...one, type })));
      }
      return events.length > 0;
    },
    take(): ViewerEvent[] {
      const taken = events;
      events = [];
      if (taken.length <= viewerEventsMax) return taken;
      throw new LimitReachedError('This stream fell too far behind. Reconnect with "after".');
    },
  };
}

/** A user with all of its sessions, or an API key. */
function getOwner(ctx: Ctx): string {
  const { principal } = ctx;
  return principal.kind === 'apiKey' ? principal.apiKey.id : (findActorId(ctx) ?? 'operator');
}
