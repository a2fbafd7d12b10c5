import exec from 'k6/execution';
import { listMembers, pickPromises } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 200;

export const options = createOptions(pickPromises('tenant-members-page-1', 'tenant-members-deep'), {
  rate,
});

export const setup = () => createWorld({ large: true });

export default function iterate(world: World): void {
  listMembers(world, exec.scenario.iterationInTest % 2 === 0 ? 'page-1' : 'deep');
}

export const teardown = deleteWorld;
