import type { Database } from '../db/database.ts';
import type { StatementObserver } from '../db/pool.ts';
import type { DemoAccount } from '../http/dev/example-queries.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';

/** The parts of an app besides its configuration. */
export type AppParts = {
  /** The URL of the serving login, which may lead through a pooler. */
  appUrl: string;
  /** Its URL without a pooler, for the invalidation listener; by default `appUrl`. */
  listenUrl?: string;
  secret: string;
  log: Logger;
  /** The account that GraphiQL signs in with; null without the demo. */
  demoAccount?: DemoAccount | null;
  /** Sees every statement; tests count with it. */
  observeStatement?: StatementObserver;
  /** Replaces the pool on `appUrl`; benchmarks compare data paths with it. */
  database?: Database;
  /** Takes the metrics instead of serving them; a worker sends them to its supervisor. */
  takeMetrics?: (metrics: Metrics) => void;
  /** See Runtime; for tests of row security. */
  trustsDatabaseAlone?: boolean;
};
