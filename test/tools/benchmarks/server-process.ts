import { nodeArguments, nodeEnvironment } from '../../../src/cli/serve/process-options.ts';
import { startChild } from '../../support/child.ts';

/** A server in a process of its own, as it would stand beside others on one database. */
export type ServerProcess = {
  url: string;
  pid: number;
  /** Where its figures are; empty without METRICS_PORT. */
  metricsUrl: string;
  end: () => Promise<number | null>;
};

/**
 * Starts one on a database that is migrated; `appUrl` is the serving login's, and `listenUrl` its way past a pooler
 * where `appUrl` leads through one.
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
      secret: 'a secret that only the benchmark knows',
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
