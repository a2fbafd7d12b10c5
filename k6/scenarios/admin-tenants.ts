import { adminTenants, pickPromises } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 50;

export const options = createOptions(pickPromises('admin-tenants'), { rate });

export const setup = () => createWorld({ admin: true });

export default function iterate(world: World): void {
  adminTenants(world);
}

export const teardown = deleteWorld;
