import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { documents } from './documents.ts';
import { ask, operationFailures } from './graphql.ts';
import type { Promised } from './options.ts';
import { type Account, type LargeTenant, password, type World } from './world.ts';

// What the scenarios consist of: each asks one question, checks its answer, and has a name that is the
// tag of its requests.

/** Milliseconds of a sign-in less those of the hash, which is slow on purpose. */
const withoutHash = new Trend('sign_in_without_hash', true);

/**
 * At most these at p95 under the load profile, where load is half of what the server can do. The first
 * four are what the system was asked for; the others are of its makers.
 */
export const promises = {
  'sign-in': { p95Ms: 5, metric: 'sign_in_without_hash' },
  'verify-session': { p95Ms: 3 },
  'verify-api-key': { p95Ms: 3 },
  'tenant-members-page-1': { p95Ms: 8 },
  'tenant-members-deep': { p95Ms: 8 },
  viewer: { p95Ms: 8 },
  'nested-viewer': { p95Ms: 8 },
  'nested-tenants': { p95Ms: 25 },
  'nested-members': { p95Ms: 15 },
  'admin-tenants': { p95Ms: 15 },
  'create-role': { p95Ms: 15 },
  'delete-role': { p95Ms: 15 },
  'create-api-key': { p95Ms: 15 },
  'revoke-api-key': { p95Ms: 15 },
  'update-tenant': { p95Ms: 15 },
  'update-profile': { p95Ms: 15 },
} satisfies Record<string, Promised>;

export type OperationName = keyof typeof promises;

/** The promises of some operations, for createOptions(). */
export function pickPromises(...names: OperationName[]): Record<string, Promised> {
  return Object.fromEntries(names.map((name) => [name, promises[name]]));
}

/** The share of the hash is in the answer's `server-timing`; without it the sign-in counts as failed. */
export function signIn(world: World): void {
  const { email } = getAccount(world);
  const operation = 'sign-in';
  const variables = { input: { email, password } };
  const question = { operation, document: documents.signIn, variables };
  type Data = { signIn: { token: string; user: { memberships: { edges: unknown[] } } } };
  const { data, response } = ask<Data>(question, ({ signIn: { token, user } }) =>
    Boolean(token && user.memberships.edges.length > 0),
  );
  const hashMs = /hash;dur=([\d.]+)/.exec(response.headers['Server-Timing'] ?? '')?.[1];
  if (data === null) return;
  if (hashMs === undefined) {
    operationFailures.add(true, { operation });
    throw new Error('the answer has no server-timing: start the server with SERVER_TIMING=on');
  }
  withoutHash.add(response.timings.duration - Number(hashMs), { operation });
}

export function verifySession(world: World): void {
  const { token, tenantId, apiKeys } = getFirst(world);
  type Data = { verifySession: { valid: boolean; tenant: { id: string }; permissions: string[] } };
  ask<Data>(
    {
      operation: 'verify-session',
      document: documents.verifySession,
      variables: { token, tenantId },
      token: pick(apiKeys),
    },
    ({ verifySession: { valid, tenant, permissions } }) =>
      valid && tenant.id === tenantId && permissions.length > 0,
  );
}

export function verifyApiKey(world: World): void {
  const { apiKeys } = getFirst(world);
  type Data = { verifyApiKey: { valid: boolean; missing: string[] } };
  const asking = pick(apiKeys);
  ask<Data>(
    {
      operation: 'verify-api-key',
      document: documents.verifyApiKey,
      variables: { key: pick(apiKeys, 1), permissions: ['sessions:verify'] },
      token: asking,
    },
    ({ verifyApiKey: { valid, missing } }) => valid && missing.length === 0,
  );
}

type ViewerData = { viewer: { memberships: { edges: { node: { roles: unknown[] } }[] } } | null };

export function viewer(world: World): void {
  const question = { operation: 'viewer', document: documents.viewer };
  ask<ViewerData>({ ...question, token: getAccount(world).token }, hasRoles);
}

export function nestedViewer(world: World): void {
  const question = { operation: 'nested-viewer', document: documents.nestedViewer };
  ask<ViewerData>({ ...question, token: getAccount(world).token }, hasRoles);
}

function hasRoles({ viewer: found }: ViewerData): boolean {
  return (found?.memberships.edges[0]?.node.roles.length ?? 0) > 0;
}

type MembersData = { tenant: { memberships: { edges: unknown[] } } | null };

export function listMembers(world: World, page: 'page-1' | 'deep'): void {
  const { token, tenantId, pageSize, deepCursor } = getLarge(world);
  const after = page === 'deep' ? deepCursor : null;
  ask<MembersData>(
    {
      operation: `tenant-members-${page}`,
      document: documents.tenantMembers,
      variables: { tenantId, first: pageSize, after },
      token,
    },
    ({ tenant }) => tenant?.memberships.edges.length === pageSize,
  );
}

export function nestedMembers(world: World): void {
  const { token, tenantId } = getLarge(world);
  const variables = { tenantId };
  ask<MembersData>(
    { operation: 'nested-members', document: documents.nestedMembers, variables, token },
    ({ tenant }) => (tenant?.memberships.edges.length ?? 0) > 1,
  );
}

type TenantsData = { tenants: { edges: unknown[] } };

export function nestedTenants(world: World): void {
  const question = { operation: 'nested-tenants', document: documents.nestedTenants };
  ask<TenantsData>({ ...question, token: getAdmin(world) }, hasTenants);
}

/** Their number has no divisor in common with 100, so that each has its turn in a hundred requests too (mixed.ts). */
const searched = ['labs', 'north', null];

/** Every third time the whole list, else a search in it. */
export function adminTenants(world: World): void {
  const search = searched[exec.scenario.iterationInTest % searched.length];
  const question = {
    operation: 'admin-tenants',
    document: documents.adminTenants,
    variables: { first: 25, search },
    token: getAdmin(world),
  };
  ask<TenantsData>(question, (data) => search !== null || hasTenants(data));
}

function hasTenants({ tenants }: TenantsData): boolean {
  return tenants.edges.length > 0;
}

/** The account whose turn it is. Throws where the world has none. */
export function getAccount({ accounts }: World): Account {
  const account = accounts[exec.scenario.iterationInTest % accounts.length];
  if (account) return account;
  throw new Error('the scenario asked for no accounts in its setup');
}

function getFirst({ accounts: [first] }: World): Account {
  if (first) return first;
  throw new Error('the scenario asked for no accounts in its setup');
}

function getLarge({ large }: World): LargeTenant {
  if (large) return large;
  throw new Error('the scenario asked for no large tenant in its setup');
}

function getAdmin({ adminToken }: World): string {
  if (adminToken) return adminToken;
  throw new Error('the scenario asked for no platform admin in its setup');
}

/** In turn, so that each key is used as often as the others. */
function pick(values: readonly string[], ahead = 0): string {
  const value = values[(exec.scenario.iterationInTest + ahead) % values.length];
  if (value) return value;
  throw new Error('the scenario asked for no API keys in its setup');
}
