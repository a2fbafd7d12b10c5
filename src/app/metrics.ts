import type { Config } from '../config.ts';
import type { CredentialCache } from '../core/data/credential-cache.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Database } from '../db/database.ts';
import type { MailDelivery } from '../domains/mail/service/deliver.ts';
import type { Housekeeping } from '../domains/maintenance/service/job.ts';
import { type MetricsServer, startMetricsServer } from '../http/metrics-server.ts';
import type { HttpServer } from '../http/server.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';

/** Null if metrics are disabled; nothing is counted then. */
export function createMetricsIfAny({ metrics }: Config): Metrics | null {
  return metrics.port === null ? null : createMetrics();
}

/** The sources of the metrics; `housekeeping` is null if this process does none. */
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
 * Registers the gauges and serves the metrics; returns null if `takeMetrics` takes them.
 * @throws PortTakenError
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
  watch('tenantry_in_flight', 'Operations in progress.', () => stats().inFlight);
  watch('tenantry_in_flight_waiting', 'Operations queued.', () => stats().waiting);
  watch(
    'tenantry_in_flight_max',
    'Maximum of operations in progress.',
    () => config.server.inFlightMax,
  );
  watchTotal('tenantry_refused_total', 'Requests rejected by load shedding.', () => stats().shed);
  watch('tenantry_pool_connections', 'Connections to the database.', () => db.poolStat().size);
  watch('tenantry_pool_idle', 'Idle connections.', () => db.poolStat().idle);
  watch(
    'tenantry_pool_waiting',
    'Requests waiting for a connection, and writes waiting for their turn.',
    () => db.poolStat().waiting,
  );
  watch('tenantry_pool_connections_max', 'Maximum of connections.', () => db.poolStat().max);
  const { passwords, streams } = runtime;
  watch('tenantry_hashing_running', 'Passwords being hashed.', () => passwords.stats().running);
  watch('tenantry_hashing_queued', 'Password hashes queued.', () => passwords.stats().queued);
  watch('tenantry_streams', 'Open subscriptions.', () => streams.count());
  if (parts.cache) watchCache({ watch, watchTotal }, parts.cache);
  watch(
    'tenantry_mails_waiting',
    'Mails waiting for a retry after a failed attempt of this process.',
    () => mails.stats().waiting,
  );
  watch(
    'tenantry_mails_oldest_seconds',
    'Age of the oldest of them.',
    () => mails.stats().oldestSeconds,
    'max',
  );
  watch(
    'tenantry_housekeeping_failures',
    'Consecutive failed runs.',
    () => housekeeping?.getFailuresInARow() ?? 0,
    'max',
  );
}

function watchCache(
  { watch, watchTotal }: Pick<Metrics, 'watch' | 'watchTotal'>,
  { stats }: CredentialCache,
): void {
  const name = 'tenantry_credential_cache';
  watch(`${name}_entries`, 'Cached credentials.', () => stats().entries);
  watchTotal(`${name}_hits_total`, 'Checks answered by the cache.', () => stats().hits);
  watchTotal(`${name}_misses_total`, 'Checks sent to the database.', () => stats().misses);
  watch(
    'tenantry_changes_unheard',
    'Processes whose invalidation listener is disconnected, which check every credential.',
    () => Number(!stats().isConnected),
  );
}
