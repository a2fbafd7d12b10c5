import pg from 'pg';
import { toClientConfig } from './client-config.ts';
import type { UrlSetting } from './connection-error.ts';
import { explainConnection } from './explain-connection.ts';

export type ConnectOptions = Pick<pg.ClientConfig, 'options' | 'query_timeout'> & {
  /** The application_name of the connection. */
  name: string;
  /** Where the url comes from, for errors. */
  setting?: UrlSetting | undefined;
};

/** Longest wait for a connection, unless the url has a connect_timeout. */
export const connectMsMax = 10_000;

/**
 * Opens one connection, which the caller ends. If it is lost while idle, the next statement on it fails.
 * @throws ConnectionError naming the setting and what to do
 */
export async function connect(url: string, options: ConnectOptions): Promise<pg.Client> {
  const { setting = 'DATABASE_URL' } = options;
  const client = createClient(url, options);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw explainConnection(error, url, setting);
  }
}

/** Like `connect`, but not yet connected: for callers that need the driver's own error. */
export function createClient(url: string, { name, setting, ...others }: ConnectOptions): pg.Client {
  const client = new pg.Client({
    connectionTimeoutMillis: connectMsMax,
    ...toClientConfig(url, setting),
    ...others,
    application_name: name,
  });
  client.on('error', () => undefined);
  return client;
}
