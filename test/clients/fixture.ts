import { afterAll, beforeAll, describe } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTeam, type Team } from '../support/people.ts';

/** What an operation came back with; clients type it as their documents say. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
export type Data = any;

/** Before a test puts another in its place. */
const plainFetch = globalThis.fetch;

/** One request of a client and its answer's status. */
export type Sent = { method: string; url: URL; headers: Headers; body: string; status: number };

/** What a client under test is given. */
export type Stand = {
  app: TestApp;
  team: Team;
  isProduction: boolean;
  /** Where the API is. */
  url: string;
  bearer: Record<string, string>;
  /** As browsers send it; node's fetch keeps no cookies. */
  cookie: Record<string, string>;
};

/** Runs the tests against a server in development and one in production, each with a team of its own. */
export function describeServers(tests: (stand: Stand) => void): void {
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
    const stand = {} as Stand;
    beforeAll(async () => {
      const app = await startTestApp(environment);
      const team = await createTeam(app);
      const { token } = team.owner;
      Object.assign(stand, {
        app,
        team,
        isProduction: environment.NODE_ENV === 'production',
        url: `${app.url}/graphql`,
        bearer: { authorization: `Bearer ${token}` },
        cookie: { cookie: `__Host-tenantry_session=${token}`, 'x-tenantry-csrf': '1' },
      });
    });
    afterAll(() => stand.app.close());
    tests(stand);
  });
}

/** A fetch that notes what goes through it; `interfere` may answer or fail in its place. */
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

/** Does something that the tenant's audit log shows, again and again until `stop`: a stream may begin at any time. */
export async function keepRenaming({ team }: Stand, until: Promise<unknown>): Promise<void> {
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

/** Runs `work` with another fetch, for clients that take the one of their place. */
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

/** How many tenants of that name there are. */
export async function countTenants({ app }: Stand, name: string): Promise<number> {
  const { rows } = await app.owner.query('select count(*)::int as n from tenants where name = $1', [
    name,
  ]);
  return rows[0].n;
}
