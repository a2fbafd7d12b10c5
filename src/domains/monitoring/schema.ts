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
    query: t.exposeString('query', { description: 'Its text, with $1, $2, … for values.' }),
    calls: t.int({ description: 'How often it ran.', resolve: ({ calls }) => toInt(calls) }),
    meanMs: t.exposeFloat('meanMs', { description: 'How long it takes on average, in ms.' }),
    totalMs: t.exposeFloat('totalMs', { description: 'How long all its runs took, in ms.' }),
    rows: t.int({ description: 'Rows it answered, all told.', resolve: ({ rows }) => toInt(rows) }),
  }),
});

const TableStat = builder.objectRef<records.TableStat>('TableStat').implement({
  description: 'A table of the database.',
  fields: (t) => ({
    table: t.exposeString('table', { description: 'Its name.' }),
    rows: t.int({ description: 'Live rows, estimated.', resolve: ({ rows }) => toInt(rows) }),
    bytes: t.exposeFloat('bytes', { description: 'Its size with all indexes, in bytes.' }),
    deadRows: t.int({
      description: 'Rows that wait to be cleaned up.',
      resolve: ({ deadRows }) => toInt(deadRows),
    }),
    lastVacuum: t.expose('lastVacuum', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last cleaned up.',
    }),
    lastAnalyze: t.expose('lastAnalyze', {
      type: 'DateTime',
      nullable: true,
      description: 'When the planner last looked at it.',
    }),
  }),
});

const IndexUsage = builder.objectRef<records.IndexUsage>('IndexUsage').implement({
  description: 'An index and how often it served.',
  fields: (t) => ({
    index: t.exposeString('index', { description: 'Its name.' }),
    table: t.exposeString('table', { description: 'Of which table.' }),
    scans: t.int({ description: 'How often it was used.', resolve: ({ scans }) => toInt(scans) }),
    bytes: t.exposeFloat('bytes', { description: 'Its size in bytes.' }),
  }),
});

const UserActivity = builder.objectRef<records.UserActivity>('UserActivity').implement({
  description: 'What people did on one day.',
  fields: (t) => ({
    day: t.expose('day', { type: 'DateTime', description: 'The start of the day, in UTC.' }),
    signIns: t.exposeInt('signIns', { description: 'Sessions opened.' }),
    failedSignIns: t.exposeInt('failedSignIns', { description: 'Sign-ins refused.' }),
    activeUsers: t.exposeInt('activeUsers', {
      description: 'Different people who used a session.',
    }),
    newUsers: t.exposeInt('newUsers', { description: 'People who were added.' }),
  }),
});

const TenantUsageRow = builder.objectRef<records.TenantUsageRow>('TenantUsageRow').implement({
  description: 'How much a tenant has and does.',
  fields: (t) => ({
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'Which; null where it was erased meanwhile.',
      resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
    }),
    members: t.exposeInt('members', { description: 'Active members.' }),
    activeSessions: t.exposeInt('activeSessions', {
      description:
        'Live sessions of its members that may act in it; from 2,000 members on an estimate by some of them.',
    }),
    apiKeys: t.exposeInt('apiKeys', { description: 'API keys neither revoked nor expired.' }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When something was last changed in it.',
    }),
  }),
});

const PoolStat = builder.objectRef<PoolStatRecord>('PoolStat').implement({
  description: 'The connections of this process to the database.',
  fields: (t) => ({
    size: t.exposeInt('size', { description: 'Open.' }),
    idle: t.exposeInt('idle', { description: 'Open and not in use.' }),
    waiting: t.exposeInt('waiting', {
      description: 'Requests that wait for one, and changes that wait for their turn.',
    }),
    max: t.exposeInt('max', { description: 'Most that may be open.' }),
  }),
});

const Recommendation = builder.objectRef<records.Recommendation>('Recommendation').implement({
  description: 'Something that should be changed.',
  fields: (t) => ({
    severity: t.exposeString('severity', { description: 'critical, warning or info.' }),
    subject: t.exposeString('subject', {
      description: 'The statement, table, index or setting that it is about.',
    }),
    advice: t.exposeString('advice', { description: 'What is the matter, and what to do.' }),
  }),
});

const Monitoring = builder.objectRef<Record<string, never>>('Monitoring').implement({
  description: 'What the database and the service are doing.',
  fields: (t) => ({
    slowQueries: t.field({
      type: [SlowQuery],
      description:
        'Statements slow on average, the slowest first; empty without pg_stat_statements.',
      extensions: listPrice,
      args: {
        first: t.arg.int({ defaultValue: 25, description: '1 to 100.' }),
        minMeanMs: t.arg.float({ defaultValue: 100, description: 'From how many ms on average.' }),
      },
      resolve: (_root, { first, minMeanMs }, ctx) =>
        service.listSlowQueries(ctx, first ?? 25, minMeanMs ?? 100),
    }),
    tableStats: t.field({
      type: [TableStat],
      description: 'All tables, the largest first.',
      extensions: listPrice,
      resolve: (_root, _args, ctx) => service.listTableStats(ctx),
    }),
    indexUsage: t.field({
      type: [IndexUsage],
      description: 'All indexes, the least used first.',
      extensions: listPrice,
      args: {
        unusedOnly: t.arg.boolean({
          defaultValue: false,
          description: 'Only those that no statement used and that keep no rows unique.',
        }),
      },
      resolve: (_root, { unusedOnly }, ctx) => service.listIndexUsage(ctx, unusedOnly ?? false),
    }),
    userActivity: t.field({
      type: [UserActivity],
      description: 'The last days, today first.',
      extensions: listPrice,
      args: { days: t.arg.int({ defaultValue: 30, description: '1 to 90.' }) },
      resolve: (_root, { days }, ctx) => service.listUserActivity(ctx, days ?? 30),
    }),
    tenantUsage: t.field({
      type: [TenantUsageRow],
      description: 'The tenants with most members.',
      extensions: listPrice,
      args: { first: t.arg.int({ defaultValue: 25, description: '1 to 100.' }) },
      resolve: (_root, { first }, ctx) => service.listTenantUsage(ctx, first ?? 25),
    }),
    connectionPool: t.field({
      type: PoolStat,
      description: 'The pool of the process that answers.',
      resolve: (_root, _args, ctx) => ctx.db.poolStat(),
    }),
    cacheHitRatio: t.float({
      description: 'The share of pages that were found in memory; should be above 0.95.',
      extensions: price({ own: 10 }),
      resolve: (_root, _args, ctx) => service.getCacheHitRatio(ctx),
    }),
    recommendations: t.field({
      type: [Recommendation],
      description: 'What should be changed, if anything.',
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
