import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { waitUntil } from './child.ts';
import { codeOf, pathOf } from './mutate.ts';
import type { Team } from './people.ts';

/** Mutations that create something: their input, and what is read of their success. */
const creations = {
  createTenant: [
    'CreateTenantInput',
    'tenant { id slug name status createdAt metadata memberCount viewerPermissions }',
  ],
  createRole: ['CreateRoleInput', 'role { id key name description permissions memberCount }'],
  signUp: [
    'SignUpInput',
    `token session { id createdAt expiresAt isCurrent user { id } }
     user { id email name createdAt status } tenant { id slug name roles { key } }`,
  ],
} as const;

/** The whole answer to a creation, or its error, from the union or the top level. */
export type CreationAnswer = {
  code: string | null;
  path: string[] | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
  value: any;
};

/** Creates something. */
export async function create(
  ask: Ask,
  name: keyof typeof creations,
  input: object,
): Promise<CreationAnswer> {
  const [inputType, fields] = creations[name];
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const answer = await ask(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      ... on ${success} { ${fields} } ... on Error { code path } } }`,
    { variables: { input } },
  );
  if (answer.errors) return { code: codeOf(answer), path: pathOf(answer), value: null };
  const { code = null, path = null, ...value } = answer.data[name];
  return { code, path, value: code === null ? value : null };
}

/** The same by a client that asks again with its key while the server is too busy to answer. */
export async function createInsistently(
  ask: Ask,
  name: keyof typeof creations,
  input: object,
): Promise<CreationAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await create(ask, name, input);
    if (answer.code !== 'UNAVAILABLE' || tries === 20) return answer;
  }
}

/** What createRole takes for a role of this key. */
export function roleOf({ tenantId }: Team, key: string, idempotencyKey: string | null = null) {
  return { tenantId, key, name: `The ${key}`, permissions: ['tenant:read'], idempotencyKey };
}

/**
 * Holds a tenant, as a change of it does that lasts: nobody can create a role in it meanwhile. Over the
 * connection of `app.owner`, which has no other use until it is let go.
 */
export async function holdTenant(app: TestApp, { tenantUuid }: Team): Promise<() => Promise<void>> {
  await app.owner.query('begin');
  await app.owner.query('select from tenants where id = $1 for update', [tenantUuid]);
  return async () => {
    await app.owner.query('commit');
  };
}

/** Resolves once so many callers hold a key, and so many wait for one that somebody else holds. */
export async function waitForKeys(app: TestApp, held: number, waiting: number): Promise<void> {
  await waitUntil(async () => {
    const { rows } = await app.owner.query<{ held: number; waiting: number }>(
      `select count(*) filter (where granted)::int as held,
         count(*) filter (where not granted)::int as waiting
       from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())`,
    );
    return rows[0]?.held === held && rows[0].waiting === waiting;
  });
}
