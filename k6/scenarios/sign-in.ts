import { pickPromises, signIn } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 40;

export const options = createOptions(pickPromises('sign-in'), { rate });

export const setup = () => createWorld({ accounts: 20 });

export default function iterate(world: World): void {
  signIn(world);
}

export const teardown = deleteWorld;
