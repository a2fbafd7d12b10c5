// The program of a worker: it does what its primary orders. It needs no watch on the primary: Node ends
// a worker whose channel to it breaks.
import type { App } from '../../../app.ts';
import { createLogger, type Logger } from '../../../observability/logger.ts';
import type { Metrics } from '../../../observability/metrics.ts';
import { stopSignals, watchForFault } from '../stop-watch.ts';
import { type News, type Order, packFault, type StartOrder } from './messages.ts';

// A terminal and a supervisor may signal every process of a group. The primary alone decides: it lets
// workers end in order, and where it does not wait for that, they end with it.
for (const signal of stopSignals) process.on(signal, () => undefined);

type Serving = { log: Logger; app: App };

let serving: Promise<Serving | null> = Promise.resolve(null);
let metrics: Metrics | null = null;
let isEnding = false;
let exitCode: 0 | 1 = 0;

process.on('message', (order: Order) => {
  if (order.kind === 'start') serving = serve(order);
  if (order.kind === 'count') void tellFigures();
  if (order.kind === 'stop') void end();
});

/** Null where it could not, which the primary has been told. */
async function serve({ worker, config, kind: _, ...parts }: StartOrder): Promise<Serving | null> {
  const log = createLogger(config.log).child({ worker });
  watchForFault(log, () => {
    exitCode = 1;
    void end();
  });
  try {
    const { createApp } = await import('../../../app.ts');
    const takeMetrics = (taken: Metrics) => {
      metrics = taken;
    };
    const app = await createApp(config, { ...parts, log, takeMetrics });
    const { url } = await app.http.listen();
    tell({ kind: 'ready', url });
    return { log, app };
  } catch (error) {
    tell({ kind: 'failed', fault: packFault(error) }, () => process.exit(1));
    return null;
  }
}

/** As a server alone ends: requests are answered first. */
async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  const served = await serving;
  try {
    await served?.app.close();
  } catch (err) {
    exitCode = 1;
    served?.log.error({ err }, 'shutdown step failed');
  }
  process.exit(exitCode);
}

async function tellFigures(): Promise<void> {
  tell({ kind: 'figures', figures: (await metrics?.collect()) ?? [] });
}

/** A primary that is gone needs no news. */
function tell(news: News, onTold: () => void = () => undefined): void {
  process.send?.(news, undefined, undefined, onTold);
}
