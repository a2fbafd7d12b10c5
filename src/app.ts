import type { Config } from './config.ts';
import type { Ctx } from './core/context.ts';
import { guardDatabase } from './core/guarded-database.ts';
import { createPasswordHasher } from './core/password-hasher.ts';
import type { Runtime } from './core/runtime.ts';
import { createDatabase, type Database } from './db/database.ts';
import type { StatementObserver } from './db/pool.ts';
import { authenticate } from './domains/api-keys/authenticate.ts';
import { createApiKeyChecker } from './domains/api-keys/check.ts';
import { getApiKeyPrefix } from './domains/api-keys/token.ts';
import {
  type MailDelivery,
  type MailDeliveryOptions,
  startMailDelivery,
} from './domains/mails/service/deliver.ts';
import { listInboxMails } from './domains/mails/service/inbox.ts';
import { startHousekeeping } from './domains/maintenance/service/job.ts';

import { createSessionChecker } from './domains/sessions/check.ts';
import { createRefusalCounter } from './domains/sessions/refusals.ts';
import { createDevPages } from './http/dev/pages.ts';
import { exampleQueries } from './http/example-queries.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { createAnswerSlots } from './lib/answer-slot.ts';
import { createCursorCodec } from './lib/cursor.ts';
import { createRateBudgets } from './lib/rate-budgets.ts';
import { createSealer } from './lib/sealer.ts';
import type { Logger } from './observability/logger.ts';
import { schema } from './schema.ts';

/** What an app is made of beyond its configuration. */
export type AppParts = {
  /** The serving login's url. */
  appUrl: string;
  secret: string;
  log: Logger;
  /** Sees every statement; tests count with it. */
  observeStatement?: StatementObserver;
  /** Instead of the pool on `appUrl`; benchmarks compare data paths with it. */
  database?: Database;
  /** See Runtime; for the proof of row security. */
  trustsDatabaseAlone?: boolean;
};

/** A server that is ready to listen. */
export type App = {
  db: Database;
  runtime: Runtime;
  http: HttpServer;
  /** Lets requests end, writes what is still to be noted, closes the pool. */
  close: () => Promise<void>;
};

/** Composes everything; main and the tests both use it. */
export async function createApp(config: Config, parts: AppParts): Promise<App> {
  const { log } = parts;
  const db =
    parts.database ??
    guardDatabase(
      createDatabase({ ...config.database, url: parts.appUrl }, parts.observeStatement),
    );
  const sessions = createSessionChecker(db, log);
  const refusals = createRefusalCounter(db, log);
  const apiKeys = createApiKeyChecker(db, log);
  const mailSealer = createSealer(parts.secret, 'mail');
  const mails = startDelivery(config, { db, sealer: mailSealer, log });
  const runtime: Runtime = {
    sessionLimits: config.sessions,
    signInLimits: config.signIn,
    tenantDeletionGraceDays: config.tenants.deletionGraceDays,
    trustsDatabaseAlone: parts.trustsDatabaseAlone ?? false,
    passwords: await createPasswordHasher(config.passwords),
    cursors: createCursorCodec(parts.secret),
    answerSlots: createAnswerSlots(parts.secret),
    mail: {
      sealer: mailSealer,
      links: config.mail.links,
      isForInbox: config.mail.hasInbox,
      wake: mails.wake,
    },
    noteRefusedSignIn: refusals.note,
    apiKeys: {
      prefix: getApiKeyPrefix(config.apiKeys.environment),
      find: apiKeys.find,
      budgets: createRateBudgets(config.apiKeys.requestsPerMinute),
    },
    findLiveSession: sessions.find,
  };
  const http = createHttpServer({
    schema,
    server: config.server,
    log,
    exampleQueries,
    answerDevPage: createDevPages({
      hasPages: config.mail.hasDevPages,
      listMails: config.mail.hasInbox ? () => listInboxMails(db, mailSealer) : null,
    }),
    createContext: async (credentials, request): Promise<Ctx> => ({
      principal: await authenticate(runtime, credentials),
      request,
      sessionKeeper: credentials.sessionKeeper,
      db,
      runtime,
      log,
    }),
  });
  const { intervalSeconds } = config.maintenance;
  const housekeeping =
    intervalSeconds === 0
      ? null
      : startHousekeeping({
          db,
          log,
          intervalSeconds,
          consecutiveMax: config.signIn.consecutiveMax,
        });
  return {
    db,
    runtime,
    http,
    async close() {
      await http.close();
      await housekeeping?.stop();
      await mails.close();
      await sessions.close();
      await refusals.close();
      await apiKeys.close();
      await db.close();
    },
  };
}

/** Where no mail server is set, mails stay where they are: in the inbox of development, or waiting. */
function startDelivery(
  { mail, server }: Config,
  parts: Pick<MailDeliveryOptions, 'db' | 'sealer' | 'log'>,
): MailDelivery {
  if (mail.smtpUrl !== undefined) {
    const mailServer = { url: mail.smtpUrl, from: mail.from };
    return startMailDelivery({
      ...parts,
      server: mailServer,
      closeGraceMs: server.shutdownGraceMs,
    });
  }
  if (!mail.hasInbox) parts.log.warn('no mail leaves this server: SMTP_URL is not set');
  return { wake: () => undefined, close: async () => undefined };
}
