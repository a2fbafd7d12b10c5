import { startTestApp, type TestApp, type TestAppParts } from './app.ts';
import { startChild } from './child.ts';

/** Two processes that serve one database: that of the test and another one. */
export type TwoProcesses = {
  here: TestApp;
  there: Pick<TestApp, 'ask' | 'url'>;
  /** Whether the other process accepts a session token. */
  isValidThere: (person: { token: string }) => Promise<boolean>;
  /** The permissions of a caller in a tenant by the other process, or null if the tenant is hidden from them. */
  listPermissionsThere: (person: { token: string }, tenantId: string) => Promise<string[] | null>;
  close: () => Promise<void>;
};

const serveThere = (
  urls: { appUrl: string; listenUrl?: string | undefined },
  environment: Record<string, string>,
) => `
  import { createApp } from '#root/src/app.ts';
  import { loadConfig } from '#root/src/config.ts';
  import { createLogger } from '#root/src/observability/logger.ts';
  const config = loadConfig({
    NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: '4',
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
    HOUSEKEEPING_INTERVAL_SECONDS: '0',
    CREDENTIAL_CACHE_MS: '0',
    ...${JSON.stringify(environment)},
  });
  const app = await createApp(config, {
    ...${JSON.stringify(urls)},
    secret: 'a secret that only the tests know',
    log: createLogger(config.log),
  });
  process.on('SIGTERM', () => app.close());
  console.log((await app.http.listen()).url);
`;

/** Starts both; close them in `afterAll`. */
export async function startTwoProcesses(
  environment: Record<string, string> = {},
  parts: Pick<TestAppParts, 'database' | 'listenUrl'> = {},
): Promise<TwoProcesses> {
  const here = await startTestApp(environment, parts);
  const { appUrl } = here;
  const child = startChild(serveThere({ appUrl, listenUrl: parts.listenUrl }, environment));
  const url = await child.firstLine;
  const ask: TestApp['ask'] = async (query, { token, variables } = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    return await response.json();
  };
  return {
    here,
    there: { ask, url },
    async isValidThere({ token }) {
      const { data, errors } = await ask('{ viewer { user { id } } }', { token });
      if (errors) throw new Error(JSON.stringify(errors));
      return data.viewer !== null;
    },
    async listPermissionsThere({ token }, tenantId) {
      const { data, errors } = await ask(
        'query ($id: ID!) { tenant(id: $id) { viewerPermissions } }',
        { token, variables: { id: tenantId } },
      );
      if (errors) throw new Error(JSON.stringify(errors));
      return data.tenant?.viewerPermissions ?? null;
    },
    async close() {
      await child.end();
      await here.close();
    },
  };
}
