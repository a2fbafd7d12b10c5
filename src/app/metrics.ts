import type { Config } from '../config.ts';
import type { CredentialCache } from '../core/data/credential-cache.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Database } from '../db/database.ts';
import type { MailDelivery } from '../domains/mail/service/deliver.ts';
import type { Housekeeping } from '../domains/maintenance/service/job.ts';
import { type MetricsServer, startMetricsServer } from '../http/metrics-server.ts';
import type { HttpServer } from '../http/server.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';

/** Null where the settings ask for none, and nothing is counted then. */
export function createMetricsIfAny({ metrics }: Config): Metrics | null {
  return metrics.port === null ? null : createMetrics();
}

/** The sources of the metrics; null for housekeeping where this process does none. */
type WatchedParts = {
  config: Config;
  db: Database;
  runtime: Runtime;
  http: Pick<HttpServer, 'loadShedder'>;
  mails: Pick<MailDelivery, 'stats'>;
  housekeeping: Housekeeping | null;
  cache: CredentialCache | undefined;
  /** See AppParts. */
  takeMetrics: ((metrics: Metrics) => void) | undefined;
};

/**
 * Watches what can fill up, and answers Prometheus; null where somebody else takes the figures. Throws
 * PortTakenError.
 */
export async function serveMetrics(
  metrics: Metrics,
  parts: WatchedParts,
): Promise<MetricsServer | null> {
  watchAll(metrics, parts);
  if (parts.takeMetrics) {
    parts.takeMetrics(metrics);
    return null;
  }
  const { host, port } = parts.config.metrics;
  return startMetricsServer(metrics, { host, port: port ?? 0 });
}

function watchAll({ watch, watchTotal }: Metrics, parts: WatchedParts): void {
  const { config, db, runtime, mails, housekeeping } = parts;
  const { stats } = parts.http.loadShedder;
  watch('tenantry_in_flight', 'Operations being worked on.', () => stats().inFlight);
  watch('tenantry_in_flight_waiting', 'Those that wait for a turn.', () => stats().waiting);
  watch('tenantry_in_flight_max', 'Worked on at once at most.', () => config.server.inFlightMax);
  watchTotal('tenantry_refused_total', 'Rejected undone.', () => stats().shed);
  watch('tenantry_pool_connections', 'Connections to the database.', () => db.poolStat().size);
  watch('tenantry_pool_idle', 'Those that nobody uses now.', () => db.poolStat().idle);
  watch(
    'tenantry_pool_waiting',
    'Requests that wait for one, and changes that wait for their turn.',
    () => db.poolStat().waiting,
  );
  watch('tenantry_pool_connections_max', 'How many there may be.', () => db.poolStat().max);
  const { passwords, streams } = runtime;
  watch('tenantry_hashing_running', 'Passwords being hashed.', () => passwords.stats().running);
  watch('tenantry_hashing_queued', 'Passwords that wait for it.', () => passwords.stats().queued);
  watch('tenantry_streams', 'Open subscriptions.', () => streams.count());
  if (parts.cache) watchCache({ watch, watchTotal }, parts.cache);
  watch(
    'tenantry_mails_waiting',
    'Mails that wait after a failed attempt of this process.',
    () => mails.stats().waiting,
  );
  watch(
    'tenantry_mails_oldest_seconds',
    'How long the oldest of them has been waiting.',
    () => mails.stats().oldestSeconds,
    'max',
  );
  watch(
    'tenantry_housekeeping_failures',
    'Runs that failed since one last went well.',
    () => housekeeping?.getFailuresInARow() ?? 0,
    'max',
  );
}

function watchCache(
  { watch, watchTotal }: Pick<Metrics, 'watch' | 'watchTotal'>,
  { stats }: CredentialCache,
): void {
  const name = 'tenantry_credential_cache';
  watch(`${name}_entries`, 'Answers that are remembered.', () => stats().entries);
  watchTotal(`${name}_hits_total`, 'Checks answered from memory.', () => stats().hits);
  watchTotal(`${name}_misses_total`, 'Checks that were asked for.', () => stats().misses);
  watch(
    'tenantry_changes_unheard',
    'Processes that do not hear of changes, and ask for every credential.',
    () => Number(!stats().isConnected),
  );
}
