import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../../config.ts';
import { startMetricsServer } from '../../../http/metrics-server.ts';
import type { Logger } from '../../../observability/logger.ts';
import { verifyPortFree } from '../port-probe.ts';
import type { StartOrder } from './messages.ts';
import { createLedger } from './metrics-aggregator.ts';
import { shareOut } from './split-limits.ts';
import { keepWorker } from './supervisor.ts';

/** Several processes that serve at one address. */
export type Workers = {
  /** The server's origin. */
  url: string;
  /** Has all of them end in order, at once. */
  close: () => Promise<void>;
};

/** Values for every worker, besides its share of the configuration. */
export type WorkerParts = Omit<StartOrder, 'kind' | 'worker' | 'config'> & { log: Logger };

const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** After the requests: mails being sent, and buffered writes. */
const closeMsMax = 15_000;

/**
 * Starts the workers and resolves when all of them serve. This process takes connections for them and
 * hands each to the next one, and answers for the figures of all. Throws what the first of them that
 * cannot serve has raised, PortTakenError or WorkerError, after the others have ended.
 */
export async function startWorkers(config: Config, parts: WorkerParts): Promise<Workers> {
  const { log, ...secrets } = parts;
  // Chosen once where any will do: anyone who comes later must be found where the others are.
  const server = { ...config.server, port: await verifyPortFree(config.server) };
  // Messages as structured clones: JSON would lose what is undefined.
  cluster.setupPrimary({ exec: program, args: [], serialization: 'advanced' });
  const ledger = createLedger();
  const stopMsMax = server.shutdownDelayMs + 2 * server.shutdownGraceMs + closeMsMax;
  const workers = shareOut({ ...config, server }).map((share, index) =>
    keepWorker(
      { kind: 'start', worker: index + 1, config: share, ...secrets },
      { log, onEnded: ledger.close, stopMsMax },
    ),
  );
  const stopAll = async () => (await Promise.all(workers.map(({ stop }) => stop()))).every(Boolean);
  try {
    const [url = ''] = await Promise.all(workers.map(({ ready }) => ready));
    const { host, port } = config.metrics;
    const print = () => ledger.print(workers);
    const metrics = port === null ? null : await startMetricsServer({ print }, { host, port });
    return {
      url,
      async close() {
        const areInOrder = await stopAll();
        await metrics?.close();
        if (!areInOrder) throw new Error('a worker could not end in order');
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
