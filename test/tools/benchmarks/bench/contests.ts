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

/** What is measured, by its name in the report. */
export type Operation =
  | 'raw'
  | 'verifySession'
  | 'verifySession, cache off'
  | 'verifySession, all that raw tells'
  | 'verifySession by a key'
  | 'verifyApiKey'
  | 'verifyApiKey, cache off'
  | 'viewer'
  | 'viewer, tenants alone'
  | 'PostGraphile: user, tenants'
  | '50 members'
  | '50 members, page 1,000'
  | 'PostGraphile: 50 members'
  | 'sign-in';

/** What one side is asked, with many arguments in turn. */
export type Contest = {
  operation: Operation;
  side: SideName;
  requests: readonly Request[];
};

const pageSize = 50;
const latePage = 1_000;

/** All that is measured of a world; page 1,000 where the tenant has so many members and more. */
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
    enter('verifySession, all that raw tells', 'ours', people.map(askSessionAndUser)),
    enter(
      'verifySession by a key',
      'ours',
      people.map((person) => askSession(service, person)),
    ),
    enter('verifyApiKey', 'ours', keyChecks),
    enter('verifyApiKey, cache off', 'cacheOff', keyChecks),
    enter('viewer', 'ours', people.map(askViewer)),
    enter('viewer, tenants alone', 'ours', people.map(askTenants)),
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
  if (requests.length === 0) throw new Error(`There is nobody for ${operation}.`);
  return { operation, side, requests };
}
