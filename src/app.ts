import { authenticate, reauthenticate } from './app/authenticate.ts';
import { openData } from './app/data.ts';
import { createMetricsIfAny, serveMetrics } from './app/metrics.ts';
import type { AppParts } from './app/parts.ts';
import { createRuntime, type OpenedRuntime } from './app/runtime.ts';
import type { Config } from './config.ts';
import { type Ctx, findBoundTenantId, type RequestInfo } from './core/context.ts';
import type { Runtime } from './core/runtime.ts';
import type { Database } from './db/database.ts';
import { createReadiness } from './db/readiness.ts';
import {
  type MailDelivery,
  type MailDeliveryOptions,
  startMailDelivery,
} from './domains/mail/service/deliver.ts';
import { listInboxMails } from './domains/mail/service/inbox.ts';
import { startHousekeeping } from './domains/maintenance/service/job.ts';
import { startSettlingResets } from './domains/sessions/service/settle-resets.ts';
import { listExamples } from './http/dev/example-queries.ts';
import { createDevPages } from './http/dev/pages.ts';
import type { Credentials } from './http/graphql/engine.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { createSealer } from './lib/sealer.ts';
import type { Logger } from './observability/logger.ts';
import { startTracing } from './observability/start-tracing.ts';
import { schema } from './schema.ts';

/** A server that is ready to listen. */
export type App = {
  db: Database;
  runtime: Runtime;
  http: HttpServer;
  /** The URL for Prometheus; null without metrics. */
  metricsUrl: string | null;
  /** Announces the shutdown, waits for requests, flushes buffers and closes the pool. */
  close: () => Promise<void>;
};

/** Composes the server, for `tenantry serve` and for tests. */
export async function createApp(config: Config, parts: AppParts): Promise<App> {
  const { secret, log, trustsDatabaseAlone, takeMetrics } = parts;
  const tracing = await startTracing({
    ...config,
    log,
    closeGraceMs: config.server.shutdownGraceMs,
  });
  const { db, cache, close: closeData } = openData(config, parts, tracing);
  const sealer = createSealer(secret, 'mail');
  const metrics = createMetricsIfAny(config);
  const mails = startMails(config, { db, sealer, log, countMail: metrics?.countMail });
  const opened = createRuntime(config, {
    db,
    secret,
    log,
    cache,
    trustsDatabaseAlone,
    mails,
    countError: metrics?.countError,
  });
  const { runtime } = opened;
  const http = createHttpServer({
    schema,
    server: config.server,
    log,
    examples: listExamples(parts.demoAccount ?? null),
    isReady: await createReadiness(db, log),
    countSuspended: () => countHashing(runtime),
    metrics,
    tracing,
    findDevPage: createDevPages({
      hasPages: config.mail.hasDevPages,
      listMails: config.mail.hasInbox ? () => listInboxMails(db, sealer, config.mail.links) : null,
    }),
    createContext: createContextMaker(opened, { db, log }),
  });
  runtime.passwords.onEntered(http.loadShedder.noteSuspended);
  const housekeeping = startHousekeepingIfAny(config, { db, log });
  const watched = { config, db, runtime, http, mails, housekeeping, cache, takeMetrics };
  const metricsServer = metrics && (await serveMetrics(metrics, watched));
  return {
    db,
    runtime,
    http,
    metricsUrl: metricsServer?.url ?? null,
    async close() {
      await http.announceShutdown();
      // Before the server, which would wait for streams to end.
      await runtime.streams.close();
      await http.close();
      await metricsServer?.close();
      await housekeeping?.stop();
      await mails.close();
      await opened.close();
      await closeData();
      // Last, so that requests in flight are traced to their end.
      await tracing?.close();
    },
  };
}

/** Password hashing has its own queue; operations that wait there hold no slot of the load shedder. */
function countHashing({ passwords }: Runtime): number {
  const { running, queued, paused } = passwords.stats();
  return running + queued + paused;
}

/** The context of resolvers: caller, request and services. */
function createContextMaker(
  { runtime }: OpenedRuntime,
  parts: Pick<Ctx, 'db' | 'log'>,
): (credentials: Credentials, request: RequestInfo) => Promise<Ctx> {
  return async (credentials, request) => {
    const ctx: Ctx = {
      ...(await authenticate(runtime, credentials)),
      loaded: new Map(),
      request,
      sessionKeeper: credentials.sessionKeeper,
      reportDuration: credentials.reportDuration,
      reauthenticate: () => reauthenticate(runtime, credentials),
      runtime,
      ...parts,
    };
    request.telemetry.tenantId = findBoundTenantId(ctx);
    return ctx;
  };
}

/** Null if the setting leaves it to other processes. */
function startHousekeepingIfAny(config: Config, parts: { db: Database; log: Logger }) {
  const { intervalSeconds } = config.maintenance;
  const { consecutiveMax } = config.signIn;
  if (intervalSeconds === 0) return null;
  return startHousekeeping({ ...parts, intervalSeconds, consecutiveMax });
}

/** Starts the jobs that process reset requests and send mails. */
function startMails(
  config: Config,
  parts: Parameters<typeof startDelivery>[1],
): MailDelivery & { wakeResets: () => void } {
  const delivery = startDelivery(config, parts);
  const resets = startSettlingResets({ ...parts, onMail: delivery.wake });
  return {
    ...delivery,
    wakeResets: resets.wake,
    async close() {
      await resets.stop();
      await delivery.close();
    },
  };
}

/** Without a mail server, mails stay in the outbox, where the development inbox shows them. */
function startDelivery(
  { mail, server }: Config,
  parts: Pick<MailDeliveryOptions, 'db' | 'sealer' | 'log' | 'countMail'>,
): MailDelivery {
  if (mail.smtpUrl !== undefined) {
    const mailServer = { url: mail.smtpUrl, from: mail.from };
    return startMailDelivery({
      ...parts,
      server: mailServer,
      links: mail.links,
      closeGraceMs: server.shutdownGraceMs,
    });
  }
  if (!mail.hasInbox) parts.log.warn('no mail leaves this server: SMTP_URL is not set');
  const stats = { waiting: 0, oldestSeconds: 0 };
  return { wake: () => undefined, stats: () => stats, close: async () => undefined };
}
