import exec from 'k6/execution';
import { mutate } from '../lib/mutations.ts';
import * as operations from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { countApiKeys, createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 400;
/** No divisor in common with 100: then every kind of request meets all of them. */
const accounts = 21;

/**
 * Of a hundred requests: services check sessions and keys all the time, people look at lists now and
 * then, and few things change. Sign-ins are bound by the hash, so their share decides how much of the
 * machine is left.
 */
const shares: readonly [share: number, run: (world: World) => void][] = [
  [58, operations.verifySession],
  [16, operations.verifyApiKey],
  [12, operations.viewer],
  [5, (world) => operations.listMembers(world, 'page-1')],
  [3, operations.nestedMembers],
  [2, operations.adminTenants],
  [2, operations.signIn],
  [2, mutate],
];

/** Spread evenly: a step that has no divisor in common with 100 visits every place once. */
const spread = 37;
const places = shares.flatMap(([share, run]) => Array.from({ length: share }, () => run));

export const options = createOptions(
  operations.pickPromises(
    'verify-session',
    'verify-api-key',
    'viewer',
    'tenant-members-page-1',
    'nested-members',
    'admin-tenants',
    'sign-in',
  ),
  { rate },
);

export const setup = () =>
  createWorld({ accounts, apiKeys: countApiKeys(rate), large: true, admin: true });

export default function iterate(world: World): void {
  places[(exec.scenario.iterationInTest * spread) % places.length]?.(world);
}

export const teardown = deleteWorld;
