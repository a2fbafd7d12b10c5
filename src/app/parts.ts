import type { Database } from '../db/database.ts';
import type { StatementObserver } from '../db/pool.ts';
import type { DemoAccount } from '../http/dev/example-queries.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';

/** The parts of an app besides its configuration. */
export type AppParts = {
  /** The serving login's URL, which may lead through a pooler. */
  appUrl: string;
  /** Its URL past any pooler, over which the process hears of changes; `appUrl` if not given. */
  listenUrl?: string;
  secret: string;
  log: Logger;
  /** The account that GraphiQL signs in with; null where the demo is not there. */
  demoAccount?: DemoAccount | null;
  /** Sees every statement; tests count with it. */
  observeStatement?: StatementObserver;
  /** Instead of the pool on `appUrl`; benchmarks compare data paths with it. */
  database?: Database;
  /** Takes the figures in place of an address of their own; a worker hands them to its primary. */
  takeMetrics?: (metrics: Metrics) => void;
  /** See Runtime; for the proof of row security. */
  trustsDatabaseAlone?: boolean;
};
