import type { PoolStat as PoolStatRecord } from '../../db/database.ts';
import { builder } from '../../graphql/builder.ts';
import { price } from '../../graphql/price.ts';
import { findTenantOf } from '../tenants/loaders.ts';
import { Tenant } from '../tenants/schema.ts';
import type * as records from './queries.ts';
import * as service from './service.ts';

/** GraphQL's Int ends here; a counter that is larger shows as this. */
const intMax = 2 ** 31 - 1;
const toInt = (count: number) => Math.min(count, intMax);

/** These lists are as long as the database has tables or indexes. */
const listPrice = price({ own: 2, items: 50 });

const SlowQuery = builder.objectRef<records.SlowQuery>('SlowQuery').implement({
  description: 'A statement that is slow on average.',
  fields: (t) => ({
    query: t.exposeString('query', {
      description: 'Text of the statement, with $1, $2, … for values.',
    }),
    calls: t.int({ description: 'Number of runs.', resolve: ({ calls }) => toInt(calls) }),
    meanMs: t.exposeFloat('meanMs', { description: 'Average duration in ms.' }),
    totalMs: t.exposeFloat('totalMs', { description: 'Total duration in ms.' }),
    rows: t.int({
      description: 'Total number of rows returned.',
      resolve: ({ rows }) => toInt(rows),
    }),
  }),
});

const TableStat = builder.objectRef<records.TableStat>('TableStat').implement({
  description: 'A table of the database.',
  fields: (t) => ({
    table: t.exposeString('table', { description: 'Name of the table.' }),
    rows: t.int({ description: 'Live rows, estimated.', resolve: ({ rows }) => toInt(rows) }),
    bytes: t.exposeFloat('bytes', {
      description: 'Size of the table with all its indexes, in bytes.',
    }),
    deadRows: t.int({
      description: 'Dead rows waiting for a vacuum.',
      resolve: ({ deadRows }) => toInt(deadRows),
    }),
    lastVacuum: t.expose('lastVacuum', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last vacuumed.',
    }),
    lastAnalyze: t.expose('lastAnalyze', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last analyzed.',
    }),
  }),
});

const IndexUsage = builder.objectRef<records.IndexUsage>('IndexUsage').implement({
  description: 'An index and how often it was used.',
  fields: (t) => ({
    index: t.exposeString('index', { description: 'Name of the index.' }),
    table: t.exposeString('table', { description: 'Table of the index.' }),
    scans: t.int({ description: 'Number of scans.', resolve: ({ scans }) => toInt(scans) }),
    bytes: t.exposeFloat('bytes', { description: 'Size of the index in bytes.' }),
  }),
});

const UserActivity = builder.objectRef<records.UserActivity>('UserActivity').implement({
  description: 'Activity of one day.',
  fields: (t) => ({
    day: t.expose('day', { type: 'DateTime', description: 'The start of the day, in UTC.' }),
    signIns: t.exposeInt('signIns', { description: 'Successful sign-ins.' }),
    failedSignIns: t.exposeInt('failedSignIns', { description: 'Failed sign-ins.' }),
    activeUsers: t.exposeInt('activeUsers', {
      description: 'Distinct users who used a session.',
    }),
    newUsers: t.exposeInt('newUsers', { description: 'New users.' }),
  }),
});

const TenantUsageRow = builder.objectRef<records.TenantUsageRow>('TenantUsageRow').implement({
  description: 'Usage and activity of a tenant.',
  fields: (t) => ({
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant; null if it was erased in the meantime.',
      resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
    }),
    members: t.exposeInt('members', { description: 'Active members.' }),
    activeSessions: t.exposeInt('activeSessions', {
      description:
        'Live sessions of its members that may act in it; an estimate for 2,000 members or more.',
    }),
    apiKeys: t.exposeInt('apiKeys', { description: 'API keys neither revoked nor expired.' }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When something in it was last changed.',
    }),
  }),
});

const PoolStat = builder.objectRef<PoolStatRecord>('PoolStat').implement({
  description: 'The connections of this process to the database.',
  fields: (t) => ({
    size: t.exposeInt('size', { description: 'Open connections.' }),
    idle: t.exposeInt('idle', { description: 'Idle connections.' }),
    waiting: t.exposeInt('waiting', {
      description: 'Requests waiting for a connection, and queued writes.',
    }),
    max: t.exposeInt('max', { description: 'Maximum number of connections.' }),
  }),
});

const Recommendation = builder.objectRef<records.Recommendation>('Recommendation').implement({
  description: 'A recommended change.',
  fields: (t) => ({
    severity: t.exposeString('severity', { description: 'critical, warning or info.' }),
    subject: t.exposeString('subject', {
      description: 'The statement, table, index or setting it is about.',
    }),
    advice: t.exposeString('advice', { description: 'What is wrong, and what to do.' }),
  }),
});

const Monitoring = builder.objectRef<Record<string, never>>('Monitoring').implement({
  description: 'What the database and the service are doing.',
  fields: (t) => ({
    slowQueries: t.field({
      type: [SlowQuery],
      description: 'Slow statements, slowest first; empty without pg_stat_statements.',
      extensions: listPrice,
      args: {
        first: t.arg.int({ defaultValue: 25, description: 'Number of rows, 1 to 100.' }),
        minMeanMs: t.arg.float({ defaultValue: 100, description: 'Minimum mean in ms.' }),
      },
      resolve: (_root, { first, minMeanMs }, ctx) =>
        service.listSlowQueries(ctx, first ?? 25, minMeanMs ?? 100),
    }),
    tableStats: t.field({
      type: [TableStat],
      description: 'All tables, largest first.',
      extensions: listPrice,
      resolve: (_root, _args, ctx) => service.listTableStats(ctx),
    }),
    indexUsage: t.field({
      type: [IndexUsage],
      description: 'All indexes, least used first.',
      extensions: listPrice,
      args: {
        unusedOnly: t.arg.boolean({
          defaultValue: false,
          description: 'Only indexes that no statement has used and that enforce no uniqueness.',
        }),
      },
      resolve: (_root, { unusedOnly }, ctx) => service.listIndexUsage(ctx, unusedOnly ?? false),
    }),
    userActivity: t.field({
      type: [UserActivity],
      description: 'Activity of the last days, today first.',
      extensions: listPrice,
      args: { days: t.arg.int({ defaultValue: 30, description: 'Number of days, 1 to 90.' }) },
      resolve: (_root, { days }, ctx) => service.listUserActivity(ctx, days ?? 30),
    }),
    tenantUsage: t.field({
      type: [TenantUsageRow],
      description: 'Tenants with the most members.',
      extensions: listPrice,
      args: { first: t.arg.int({ defaultValue: 25, description: 'Number of rows, 1 to 100.' }) },
      resolve: (_root, { first }, ctx) => service.listTenantUsage(ctx, first ?? 25),
    }),
    connectionPool: t.field({
      type: PoolStat,
      description: 'Connection pool of the process that handles this request.',
      resolve: (_root, _args, ctx) => ctx.db.poolStat(),
    }),
    cacheHitRatio: t.float({
      description: 'Share of pages found in memory, from 0 to 1; should be above 0.95.',
      extensions: price({ own: 10 }),
      resolve: (_root, _args, ctx) => service.getCacheHitRatio(ctx),
    }),
    recommendations: t.field({
      type: [Recommendation],
      description: 'Recommended changes.',
      extensions: listPrice,
      resolve: (_root, _args, ctx) => service.listRecommendations(ctx),
    }),
  }),
});

builder.queryField('monitoring', (t) =>
  t.field({
    type: Monitoring,
    nullable: true,
    description: 'What the database and the service are doing. Platform administrators only.',
    resolve: (_root, _args, ctx) => service.openMonitoring(ctx),
  }),
);
