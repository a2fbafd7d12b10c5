// The program of a worker, which obeys its primary. Node ends a worker whose channel to the primary breaks.
import type { App } from '../../../app.ts';
import { createLogger, type Logger } from '../../../observability/logger.ts';
import type { Metrics } from '../../../observability/metrics.ts';
import { stopSignals, watchForErrors } from '../stop-watch.ts';
import { type News, type Order, packError, type StartOrder } from './messages.ts';

// A terminal or a supervisor may signal the whole process group. Only the primary reacts: it stops its workers, and
// they end with it if it does not wait.
for (const signal of stopSignals) process.on(signal, () => undefined);

type Serving = { log: Logger; app: App };

let serving: Promise<Serving | null> = Promise.resolve(null);
let metrics: Metrics | null = null;
let isEnding = false;
let exitCode: 0 | 1 = 0;

process.on('message', (order: Order) => {
  if (order.kind === 'start') serving = serve(order);
  if (order.kind === 'count') void sendMetrics();
  if (order.kind === 'stop') void end();
});

/** Null if the start failed, which is reported to the primary. */
async function serve({ worker, config, kind: _, ...parts }: StartOrder): Promise<Serving | null> {
  const log = createLogger(config.log).child({ worker });
  watchForErrors(log, () => {
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
    send({ kind: 'ready', url });
    return { log, app };
  } catch (error) {
    send({ kind: 'failed', fault: packError(error) }, () => process.exit(1));
    return null;
  }
}

/** Shuts down like a single server: finishes requests first. */
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

async function sendMetrics(): Promise<void> {
  send({ kind: 'figures', figures: (await metrics?.collect()) ?? [] });
}

/** Does nothing if the primary is gone. */
function send(news: News, onSent: () => void = () => undefined): void {
  process.send?.(news, undefined, undefined, onSent);
}
