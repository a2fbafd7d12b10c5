import { pickPromises, verifySession } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { countApiKeys, createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 1000;

export const options = createOptions(pickPromises('verify-session'), { rate });

export const setup = () => createWorld({ accounts: 1, apiKeys: countApiKeys(rate) });

export default function iterate(world: World): void {
  verifySession(world);
}

export const teardown = deleteWorld;
