import type { Request } from './expect.ts';
import {
  askKey,
  askMembers,
  askPostgraphileMembers,
  askPostgraphileTenants,
  askRaw,
  askSession,
  askSessionAndUser,
  askSignIn,
  askTenants,
  askViewer,
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
export type Contest = {
  operation: Operation;
  side: SideName;
  requests: readonly Request[];
};

const pageSize = 50;
const latePage = 1_000;

/** All measurements. Page 1,000 is included if the tenant has enough members. */
export async function listContests(url: string, world: World): Promise<Contest[]> {
  const { people, keys, visitors } = world;
  const checks = people.map((person) => askSession(person.token, person));
  const keyChecks = keys.map(askKey);
  const [service = ''] = keys;
  const hasLatePage = world.memberCount > pageSize * latePage;
  const late = hasLatePage ? [askMembers(world, await findCursor(url, world, latePage))] : [];
  return [
    enter('raw', 'raw', people.map(askRaw)),
    enter('verifySession', 'ours', checks),
    enter('verifySession, cache off', 'cacheOff', checks),
    enter('verifySession, same fields as raw', 'ours', people.map(askSessionAndUser)),
    enter(
      'verifySession with an API key',
      'ours',
      people.map((person) => askSession(service, person)),
    ),
    enter('verifyApiKey', 'ours', keyChecks),
    enter('verifyApiKey, cache off', 'cacheOff', keyChecks),
    enter('viewer', 'ours', people.map(askViewer)),
    enter('viewer, tenants only', 'ours', people.map(askTenants)),
    enter('PostGraphile: user, tenants', 'postgraphile', people.map(askPostgraphileTenants)),
    enter('50 members', 'ours', [askMembers(world, null)]),
    ...late.map((request) => enter('50 members, page 1,000', 'ours', [request])),
    enter('PostGraphile: 50 members', 'postgraphile', [askPostgraphileMembers(world)]),
    enter(
      'sign-in',
      'ours',
      visitors.map((email) => askSignIn(email, world)),
    ),
  ];
}

function enter(operation: Operation, side: SideName, requests: readonly Request[]): Contest {
  if (requests.length === 0) throw new Error(`no requests for ${operation}`);
  return { operation, side, requests };
}
