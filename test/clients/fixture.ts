import { afterAll, beforeAll, describe } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTeam, type Team } from '../support/people.ts';

/** The result of an operation. */
// biome-ignore lint/suspicious/noExplicitAny: tests read responses of any shape.
export type Data = any;

/** The fetch of Node, before a test replaces it. */
const plainFetch = globalThis.fetch;

/** One request of a client and the status of its response. */
export type Sent = { method: string; url: URL; headers: Headers; body: string; status: number };

/** The server for a client under test. */
export type TestServer = {
  app: TestApp;
  team: Team;
  isProduction: boolean;
  /** The address of the API. */
  url: string;
  bearer: Record<string, string>;
  /** As sent by browsers; the fetch of Node stores no cookies. */
  cookie: Record<string, string>;
};

/** Runs the tests against a server in development and one in production, each with its own team. */
export function describeServers(tests: (server: TestServer) => void): void {
  describe.each([
    ['in development', { CORS_ORIGINS: 'https://app.example' }],
    [
      'in production',
      {
        NODE_ENV: 'production',
        TENANTRY_SECRET: 'a secret of more than thirty-two characters',
        CORS_ORIGINS: 'https://app.example',
      },
    ],
  ])('%s', (_, environment: Record<string, string>) => {
    const server = {} as TestServer;
    beforeAll(async () => {
      const app = await startTestApp(environment);
      const team = await createTeam(app);
      const { token } = team.owner;
      Object.assign(server, {
        app,
        team,
        isProduction: environment.NODE_ENV === 'production',
        url: `${app.url}/graphql`,
        bearer: { authorization: `Bearer ${token}` },
        cookie: { cookie: `__Host-tenantry_session=${token}`, 'x-tenantry-csrf': '1' },
      });
    });
    afterAll(() => server.app.close());
    tests(server);
  });
}

/** Returns a fetch that records its requests; `interfere` may respond or fail instead of the server. */
export function createRecorder(
  interfere?: (count: number, send: () => Promise<Response>) => Promise<Response>,
) {
  const sent: Sent[] = [];
  let count = 0;
  const recordingFetch: typeof fetch = async (input, init) => {
    const send = () => plainFetch(input, init);
    count += 1;
    const response = await (interfere?.(count, send) ?? send());
    sent.push({
      method: init?.method ?? 'GET',
      url: new URL(String(input)),
      headers: new Headers(init?.headers),
      body: String(init?.body ?? ''),
      status: response.status,
    });
    return response;
  };
  return { sent, fetch: recordingFetch };
}

/** Creates audit events until `until` settles, because a stream may start at any time. */
export async function keepRenaming({ team }: TestServer, until: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = until.finally(() => {
    isOver = true;
  });
  for (let count = 0; !isOver; count += 1) {
    await team.owner.ask(
      `mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { __typename } }`,
      { variables: { input: { tenantId: team.tenantId, name: `Name ${count}` } } },
    );
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  await over;
}

/** Runs `work` with another global fetch. */
export async function withFetch<T>(
  fetch: typeof globalThis.fetch,
  work: () => Promise<T>,
): Promise<T> {
  globalThis.fetch = fetch;
  try {
    return await work();
  } finally {
    globalThis.fetch = plainFetch;
  }
}

/** Counts the tenants of this name. */
export async function countTenants({ app }: TestServer, name: string): Promise<number> {
  const { rows } = await app.owner.query('select count(*)::int as n from tenants where name = $1', [
    name,
  ]);
  return rows[0].n;
}
