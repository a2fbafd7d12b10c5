import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { waitUntil } from './child.ts';
import { codeOf, type Outcome, pathOf } from './mutate.ts';
import type { Team } from './people.ts';

/** Mutations that create an entity: the input type and the fields read on success. */
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

/** Sends a mutation that creates an entity. Returns a top-level error like one of the union. */
export async function create(
  ask: Ask,
  name: keyof typeof creations,
  input: object,
): Promise<Outcome> {
  const [inputType, fields] = creations[name];
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const result = await ask(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      ... on ${success} { ${fields} } ... on Error { code path } } }`,
    { variables: { input } },
  );
  if (result.errors) return { code: codeOf(result), path: pathOf(result), value: null };
  const { code = null, path = null, ...value } = result.data[name];
  return { code, path, value: code === null ? value : null };
}

/** The same with up to 20 tries while the server sheds load, as a client with an idempotency key does. */
export async function createWithRetries(
  ask: Ask,
  name: keyof typeof creations,
  input: object,
): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    const result = await create(ask, name, input);
    if (result.code !== 'UNAVAILABLE' || tries === 20) return result;
  }
}

/** The input of createRole for a role with this key. */
export function roleOf({ tenantId }: Team, key: string, idempotencyKey: string | null = null) {
  return { tenantId, key, name: `The ${key}`, permissions: ['tenant:read'], idempotencyKey };
}

/**
 * Locks a tenant like a slow change of it, so that no role can be created in it. Uses the connection of `app.owner`
 * until the returned function releases the lock.
 */
export async function lockTenant(app: TestApp, { tenantUuid }: Team): Promise<() => Promise<void>> {
  await app.owner.query('begin');
  await app.owner.query('select from tenants where id = $1 for update', [tenantUuid]);
  return async () => {
    await app.owner.query('commit');
  };
}

/** Resolves once this many requests hold an idempotency key, and this many wait for one. */
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
