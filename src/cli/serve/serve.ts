import { openDatabase } from '../../app/open-database.ts';
import { getSecret } from '../../config/secret.ts';
import type { Config } from '../../config.ts';
import { builtInRoles } from '../../core/access/permissions.ts';
import { findListenUrl } from '../../db/connection/pooler.ts';
import { verifyAppRole } from '../../db/serving/verify-app-role.ts';
import { createLogger, type Logger } from '../../observability/logger.ts';
import { hasDemo, seedDemo } from '../seed/demo.ts';
import { getDemoAccount } from '../seed/demo-people.ts';
import { mayHoldDemo } from '../seed/place.ts';
import { verifyPortFree } from './port-probe.ts';
import { type StopWatch, watchForStop } from './stop-watch.ts';
import { formatWelcome } from './welcome.ts';
import { WorkerError } from './workers/messages.ts';
import { startWorkers, type WorkerParts } from './workers/primary.ts';

/** Undoes a step of the start. */
type Closer = () => Promise<void>;
type Start = { config: Config; log: Logger; stop: StopWatch; closers: Closer[] };

/**
 * Runs the server until a signal or an uncaught error, then closes everything in reverse order and returns the exit
 * code. A signal during the start takes effect after the current step.
 * Throws PortTakenError, MigrationError, EmbeddedError, PoolerError, AppRoleError or WorkerError.
 */
export async function serve(config: Config): Promise<0 | 1> {
  const log = createLogger(config.log);
  await verifyPortFree(config.server);
  const { host, port } = config.metrics;
  if (port !== null) await verifyPortFree({ host, port, setting: 'METRICS_PORT' });
  const stop = watchForStop(log);
  const closers: Closer[] = [];
  let areClosed = true;
  try {
    await start({ config, log, stop, closers }).catch((error: unknown) => {
      // A terminal also signals workers that do not handle signals yet.
      if (!(stop.isAsked() && error instanceof WorkerError)) throw error;
    });
    await stop.asked;
  } finally {
    areClosed = await closeAll(closers, log);
  }
  if (areClosed) log.info('stopped');
  return areClosed ? stop.getExitCode() : 1;
}

async function start({ config, log, stop, closers }: Start): Promise<void> {
  const { ownerUrl, appUrl, stop: stopDatabase } = await openDatabase(config, builtInRoles, log);
  closers.push(stopDatabase);
  if (stop.isAsked()) return;
  await verifyAppRole(appUrl);
  const listenUrl = await findListenUrl(appUrl, ownerUrl);
  const isDemo = await prepareDemo(config, ownerUrl, log);
  if (stop.isAsked()) return;
  const secret = await getSecret(config);
  const demoAccount = isDemo ? getDemoAccount() : null;
  const parts = { appUrl, listenUrl, secret, demoAccount, log };
  const url = await listen(config, parts, closers);
  // Since the start of the process.
  const readySeconds = performance.now() / 1_000;
  if (config.log.format === 'json') log.info({ url, readySeconds }, 'ready');
  else console.log(formatWelcome(config, { url, ownerUrl, hasDemo: isDemo, readySeconds }));
}

/** Serves in this process or in workers, and returns the server's origin. */
async function listen(config: Config, parts: WorkerParts, closers: Closer[]): Promise<string> {
  if (config.workers > 1) {
    const workers = await startWorkers(config, parts);
    closers.push(workers.close);
    return workers.url;
  }
  // Loaded only here: the primary of workers needs a third less memory without it.
  const { createApp } = await import('../../app.ts');
  const app = await createApp(config, parts);
  closers.push(app.close);
  const { url } = await app.http.listen();
  return url;
}

/** Whether the demo exists and may be shown. */
async function prepareDemo(config: Config, ownerUrl: string, log: Logger): Promise<boolean> {
  if (mayHoldDemo(config)) {
    const outcome = await seedDemo(ownerUrl, config, { isOnlyWhenEmpty: true, log });
    return outcome === 'made' || outcome === 'present';
  }
  if (await hasDemo(ownerUrl)) {
    log.warn('database has demo accounts with public passwords: delete them');
  }
  return false;
}

/** Closes in reverse order; a failure does not stop the others. */
async function closeAll(closers: Closer[], log: Logger): Promise<boolean> {
  let areClosed = true;
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (err) {
      areClosed = false;
      log.error({ err }, 'shutdown step failed');
    }
  }
  return areClosed;
}
