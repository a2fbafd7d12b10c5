import { authorize, findAccess } from '../../core/access/authorize.ts';
import { permission } from '../../core/access/permissions.ts';
import { getTenantScope } from '../../core/access/scopes.ts';
import type { Ctx } from '../../core/context.ts';
import { type Page, type PageArgs, parsePage, toPage } from '../../core/data/page.ts';
import { checkText } from '../../core/input.ts';
import * as queries from './queries.ts';

const readAudit = permission('audit:read');

export type AuditListInput = { page: PageArgs; filter: queries.AuditFilter };

/** The audit log of a tenant, newest first. Needs audit:read. */
export async function listAuditEvents(
  ctx: Ctx,
  tenantId: string,
  { page, filter }: AuditListInput,
): Promise<Page<queries.AuditEvent>> {
  await authorize(ctx, { id: tenantId }, readAudit);
  if (filter.action != null) checkText('action', filter.action, 100);
  const request = parsePage(ctx, page, getListBinding(tenantId, filter));
  const rows = await ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
    queries.listAuditEvents(db, tenantId, request, filter),
  );
  return toPage(ctx, request, rows, { toKey: queries.toAuditEventKey });
}

/** The list a cursor of an audit log belongs to: the tenant and the filters. */
export function getListBinding(tenantId: string, filter: queries.AuditFilter): string {
  const given = Object.entries(filter).filter(([, value]) => value != null);
  return JSON.stringify(['audit', tenantId, Object.fromEntries(given)]);
}

/** One entry of a tenant's audit log; null without audit:read there. */
export async function findAuditEvent(
  ctx: Ctx,
  tenantId: string,
  id: string,
): Promise<queries.AuditEvent | null> {
  const access = await findAccess(ctx, { id: tenantId });
  if (!access?.permissions.has(readAudit)) return null;
  const [event] = await ctx.db.read(getTenantScope(ctx, tenantId), (db) =>
    queries.listAuditEventsById(db, tenantId, [id]),
  );
  return event ?? null;
}
