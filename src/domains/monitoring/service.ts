import { getPlatformScope } from '../../core/access/scopes.ts';
import { InvalidInputError } from '../../core/app-error.ts';
import { type Ctx, requirePlatformAdmin } from '../../core/context.ts';
import type { Db } from '../../db/database.ts';
import * as queries from './queries.ts';

/** Longest list of statements or tenants. */
const firstMax = 100;
/** As long as the activity of a day is kept. */
const daysMax = 90;

/** Lets platform administrators through. Throws UnauthenticatedError, ForbiddenError. */
export function openMonitoring(ctx: Ctx): Record<string, never> {
  requirePlatformAdmin(ctx);
  return {};
}

/** Statements that are slow on average, at least 100 ms unless said otherwise. Throws InvalidInputError. */
export function listSlowQueries(ctx: Ctx, first: number, minMeanMs: number) {
  checkRange('first', first, firstMax);
  if (!(minMeanMs >= 0)) {
    throw new InvalidInputError('"minMeanMs" must be 0 or more.', ['minMeanMs']);
  }
  return monitor(ctx, (db) => queries.listSlowQueries(db, first, minMeanMs));
}

/** Whether there are statistics of statements at all. */
export function areStatementsMeasured(ctx: Ctx) {
  return monitor(ctx, queries.areStatementsMeasured);
}

/** Since when the statistics of tables and indexes were kept; null where nobody knows. */
export function getStatisticsStart(ctx: Ctx) {
  return monitor(ctx, queries.getStatisticsStart);
}

/** All tables, the largest first. */
export function listTableStats(ctx: Ctx) {
  return monitor(ctx, queries.listTableStats);
}

/** All indexes, the least used first. */
export function listIndexUsage(ctx: Ctx, isUnusedOnly: boolean) {
  return monitor(ctx, (db) => queries.listIndexUsage(db, isUnusedOnly));
}

/** The last days, today first. Throws InvalidInputError. */
export function listUserActivity(ctx: Ctx, days: number) {
  checkRange('days', days, daysMax);
  return monitor(ctx, (db) => queries.listUserActivity(db, days));
}

/** The tenants with most members. Throws InvalidInputError. */
export function listTenantUsage(ctx: Ctx, first: number) {
  checkRange('first', first, firstMax);
  return monitor(ctx, (db) => queries.listTenantUsage(db, first));
}

export function getCacheHitRatio(ctx: Ctx) {
  return monitor(ctx, queries.getCacheHitRatio);
}

/** How many connections the database serves, and how many it can. */
export function getConnectionUse(ctx: Ctx) {
  return monitor(ctx, queries.getConnectionUse);
}

export function listRecommendations(ctx: Ctx) {
  return monitor(ctx, queries.listRecommendations);
}

/** Every question is asked in the platform scope, which the database grants by itself. */
function monitor<T>(ctx: Ctx, ask: (db: Db) => Promise<T>): Promise<T> {
  requirePlatformAdmin(ctx);
  return ctx.db.read(getPlatformScope(ctx), ask);
}

function checkRange(field: string, value: number, max: number): void {
  if (value >= 1 && value <= max) return;
  throw new InvalidInputError(`"${field}" must be between 1 and ${max}.`, [field]);
}
