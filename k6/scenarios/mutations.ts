import { mutate } from '../lib/mutations.ts';
import { pickPromises } from '../lib/operations.ts';
import { createOptions } from '../lib/options.ts';
import { createWorld, deleteWorld, type World } from '../lib/world.ts';

export { handleSummary } from '../lib/summary.ts';

const rate = 40;

export const options = createOptions(
  pickPromises(
    'create-role',
    'delete-role',
    'create-api-key',
    'revoke-api-key',
    'update-tenant',
    'update-profile',
  ),
  { rate },
);

export const setup = () => createWorld({ accounts: 5 });

export default function iterate(world: World): void {
  mutate(world);
}

export const teardown = deleteWorld;
