import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../../config.ts';
import { startMetricsServer } from '../../../http/metrics-server.ts';
import type { Logger } from '../../../observability/logger.ts';
import { verifyPortFree } from '../port-probe.ts';
import type { StartOrder } from './messages.ts';
import { createMetricsAggregator } from './metrics-aggregator.ts';
import { splitLimits } from './split-limits.ts';
import { keepWorker } from './supervisor.ts';

/** Several processes that serve at one address. */
export type Workers = {
  /** The server's origin. */
  url: string;
  /** Stops all of them in order, at the same time. */
  close: () => Promise<void>;
};

/** Values for every worker, besides its share of the configuration. */
export type WorkerParts = Omit<StartOrder, 'kind' | 'worker' | 'config'> & { log: Logger };

const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** For mails being sent and buffered writes, after the requests. */
const closeMsMax = 15_000;

/**
 * Starts the workers and resolves when all serve. This process distributes connections round-robin and serves the
 * metrics of all. If a worker cannot serve, stops the others and throws its error, PortTakenError or WorkerError.
 */
export async function startWorkers(config: Config, parts: WorkerParts): Promise<Workers> {
  const { log, ...secrets } = parts;
  // Chosen once for port 0: replacements must listen on the same port.
  const server = { ...config.server, port: await verifyPortFree(config.server) };
  // Messages as structured clones: JSON would lose what is undefined.
  cluster.setupPrimary({ exec: program, args: [], serialization: 'advanced' });
  const aggregator = createMetricsAggregator();
  const stopMsMax = server.shutdownDelayMs + 2 * server.shutdownGraceMs + closeMsMax;
  const workers = splitLimits({ ...config, server }).map((share, index) =>
    keepWorker(
      { kind: 'start', worker: index + 1, config: share, ...secrets },
      { log, onEnded: aggregator.close, stopMsMax },
    ),
  );
  const stopAll = async () => (await Promise.all(workers.map(({ stop }) => stop()))).every(Boolean);
  try {
    const [url = ''] = await Promise.all(workers.map(({ ready }) => ready));
    const { host, port } = config.metrics;
    const print = () => aggregator.print(workers);
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
