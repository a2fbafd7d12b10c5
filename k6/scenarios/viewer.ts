import { pickPromises, viewer } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 400;

export const options = createOptions(pickPromises('viewer'), { rate });

export const setup = () => createWorld({ accounts: 20 });

export default function iterate(world: World): void {
  viewer(world);
}

export const teardown = deleteWorld;
