import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../observability/metrics.ts';
import { explainListenError } from './port-taken-error.ts';

/** The endpoint of the metrics. */
export type MetricsServer = { url: string; close: () => Promise<void> };

/**
 * Serves GET /metrics on a separate address, so that API clients cannot read the metrics.
 * @throws PortTakenError
 */
export async function startMetricsServer(
  { print }: Pick<Metrics, 'print'>,
  { host, port }: { host: string; port: number },
): Promise<MetricsServer> {
  const server = createServer(async (req, res) => {
    if (req.method !== 'GET' || req.url !== '/metrics') {
      res.writeHead(404).end();
      return;
    }
    try {
      const { contentType, text } = await print();
      res.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
    } catch {
      // Prometheus reports the failed scrape; the server goes on.
      res.writeHead(500).end();
    }
  });
  await listen(server, { host, port });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(explainListenError(error, { host, port, setting: 'METRICS_PORT' }));
    });
    server.listen({ host, port }, resolve);
  });
}
