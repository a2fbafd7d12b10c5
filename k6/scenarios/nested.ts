import exec from 'k6/execution';
import { nestedMembers, nestedTenants, nestedViewer, pickPromises } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 60;
const inTurn = [nestedViewer, nestedTenants, nestedMembers];

export const options = createOptions(
  pickPromises('nested-viewer', 'nested-tenants', 'nested-members'),
  { rate },
);

export const setup = () => createWorld({ accounts: 5, large: true, admin: true });

export default function iterate(world: World): void {
  inTurn[exec.scenario.iterationInTest % inTurn.length]?.(world);
}

export const teardown = deleteWorld;
