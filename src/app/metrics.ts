import type { Config } from '../config.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Database } from '../db/database.ts';
import { type MetricsServer, startMetricsServer } from '../http/metrics-server.ts';
import type { HttpServer } from '../http/server.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';

/** Null where the settings ask for none, and nothing is counted then. */
export function createMetricsIfAny({ metrics }: Config): Metrics | null {
  return metrics.port === null ? null : createMetrics();
}

/** Watches what can fill up, and answers whoever asks. Raises PortTakenError. */
export async function serveMetrics(
  { watch, watchTotal, print }: Metrics,
  parts: { config: Config; db: Database; runtime: Runtime; http: Pick<HttpServer, 'admission'> },
): Promise<MetricsServer> {
  const { config, db, runtime } = parts;
  const { stats } = parts.http.admission;
  watch('tenantry_in_flight', 'Operations being worked on.', () => stats().inFlight);
  watch('tenantry_in_flight_waiting', 'Those that wait for a turn.', () => stats().waiting);
  watch('tenantry_in_flight_max', 'Worked on at once at most.', () => config.server.inFlightMax);
  watchTotal('tenantry_refused_total', 'Turned away undone.', () => stats().refused);
  watch('tenantry_pool_connections', 'Connections to the database.', () => db.poolStat().size);
  watch('tenantry_pool_idle', 'Those that nobody uses now.', () => db.poolStat().idle);
  watch('tenantry_pool_waiting', 'Who waits for one.', () => db.poolStat().waiting);
  watch('tenantry_pool_connections_max', 'How many there may be.', () => db.poolStat().max);
  const { passwords, streams } = runtime;
  watch('tenantry_hashing_running', 'Passwords being hashed.', () => passwords.stats().running);
  watch('tenantry_hashing_queued', 'Passwords that wait for it.', () => passwords.stats().queued);
  watch('tenantry_streams', 'Open subscriptions.', () => streams.count());
  const { host, port } = config.metrics;
  return startMetricsServer({ print }, { host, port: port ?? 0 });
}
