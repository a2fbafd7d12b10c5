import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../observability/metrics.ts';
import { explainListenError } from './port-taken-error.ts';

/** Where the figures are to be had. */
export type MetricsServer = { url: string; close: () => Promise<void> };

/**
 * Answers GET /metrics at an address of its own, which is not the one that callers reach: figures tell how
 * much is done here, and by what. Throws PortTakenError.
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
      // Anyone who scrapes notices; the server does not end for a figure.
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
