import type { Request } from './expect.ts';
import {
  buildKeyRequest,
  buildMembersRequest,
  buildPostgraphileMembersRequest,
  buildPostgraphileTenantsRequest,
  buildRawRequest,
  buildSessionAndUserRequest,
  buildSessionRequest,
  buildSignInRequest,
  buildTenantsRequest,
  buildViewerRequest,
} from './requests.ts';
import type { SideName } from './sides.ts';
import { findCursor, type World } from './world.ts';

/** The measured operations, by their names in the report. */
export type Operation =
  | 'raw'
  | 'verifySession'
  | 'verifySession, cache off'
  | 'verifySession, same fields as raw'
  | 'verifySession with an API key'
  | 'verifyApiKey'
  | 'verifyApiKey, cache off'
  | 'viewer'
  | 'viewer, tenants only'
  | 'PostGraphile: user, tenants'
  | '50 members'
  | '50 members, page 1,000'
  | 'PostGraphile: 50 members'
  | 'sign-in';

/** An operation, the server that it is sent to, and its requests, which are sent in turn. */
export type Workload = {
  operation: Operation;
  side: SideName;
  requests: readonly Request[];
};

const pageSize = 50;
const latePage = 1_000;

/** All measurements. Page 1,000 is included if the tenant has enough members. */
export async function listWorkloads(url: string, world: World): Promise<Workload[]> {
  const { people, keys, visitors } = world;
  const checks = people.map((person) => buildSessionRequest(person.token, person));
  const keyChecks = keys.map(buildKeyRequest);
  const [service = ''] = keys;
  const hasLatePage = world.memberCount > pageSize * latePage;
  const late = hasLatePage
    ? [buildMembersRequest(world, await findCursor(url, world, latePage))]
    : [];
  return [
    createWorkload('raw', 'raw', people.map(buildRawRequest)),
    createWorkload('verifySession', 'ours', checks),
    createWorkload('verifySession, cache off', 'cacheOff', checks),
    createWorkload(
      'verifySession, same fields as raw',
      'ours',
      people.map(buildSessionAndUserRequest),
    ),
    createWorkload(
      'verifySession with an API key',
      'ours',
      people.map((person) => buildSessionRequest(service, person)),
    ),
    createWorkload('verifyApiKey', 'ours', keyChecks),
    createWorkload('verifyApiKey, cache off', 'cacheOff', keyChecks),
    createWorkload('viewer', 'ours', people.map(buildViewerRequest)),
    createWorkload('viewer, tenants only', 'ours', people.map(buildTenantsRequest)),
    createWorkload(
      'PostGraphile: user, tenants',
      'postgraphile',
      people.map(buildPostgraphileTenantsRequest),
    ),
    createWorkload('50 members', 'ours', [buildMembersRequest(world, null)]),
    ...late.map((request) => createWorkload('50 members, page 1,000', 'ours', [request])),
    createWorkload('PostGraphile: 50 members', 'postgraphile', [
      buildPostgraphileMembersRequest(world),
    ]),
    createWorkload(
      'sign-in',
      'ours',
      visitors.map((email) => buildSignInRequest(email, world)),
    ),
  ];
}

function createWorkload(
  operation: Operation,
  side: SideName,
  requests: readonly Request[],
): Workload {
  if (requests.length === 0) throw new Error(`no requests for ${operation}`);
  return { operation, side, requests };
}
