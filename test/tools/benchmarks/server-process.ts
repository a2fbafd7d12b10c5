import { nodeArguments, nodeEnvironment } from '../../../src/cli/serve/process-options.ts';
import { startChild } from '../../support/child.ts';

/** A server in its own process. */
export type ServerProcess = {
  url: string;
  pid: number;
  /** The URL of its metrics; empty without METRICS_PORT. */
  metricsUrl: string;
  end: () => Promise<number | null>;
};

/**
 * Starts a server on a migrated database. `appUrl` is that of the serving login; `listenUrl` bypasses the pooler if
 * `appUrl` uses one.
 */
export async function startServerProcess(
  appUrl: string,
  environment: Record<string, string> = {},
  listenUrl = appUrl,
): Promise<ServerProcess> {
  const child = startChild(
    `
    import { createApp } from '#root/src/app.ts';
    import { keepHeapSmall } from '#root/src/cli/serve/process-options.ts';
    import { loadConfig } from '#root/src/config.ts';
    import { createLogger } from '#root/src/observability/logger.ts';
    keepHeapSmall();
    const config = loadConfig({
      NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'warn', ...${JSON.stringify(environment)},
    });
    const app = await createApp(config, {
      appUrl: ${JSON.stringify(appUrl)},
      listenUrl: ${JSON.stringify(listenUrl)},
      secret: 'a secret for this run only',
      log: createLogger(config.log),
    });
    process.on('SIGTERM', () => app.close());
    console.log((await app.http.listen()).url + ' ' + (app.metricsUrl ?? ''));
  `,
    nodeArguments,
    nodeEnvironment,
  );
  const [url, metricsUrl = ''] = (await child.firstLine).split(' ');
  return { url: `${url}/graphql`, metricsUrl, pid: child.pid, end: child.end };
}
