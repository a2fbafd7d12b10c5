import { playAdministration, playTenantLife } from './administration.ts';
import { playBackground } from './background.ts';
import { playCredentials } from './credentials.ts';
import { playCounts, playOwnLists, playPlatformLists, playTenantLists } from './lists.ts';
import { playApiKeys, playObjects, playPlatformObjects } from './objects.ts';
import { playPeople } from './people.ts';
import { playStreams } from './streams.ts';
import type { World } from './world.ts';

/** Runs every operation of the API, and all background work. */
export async function playAll(world: World): Promise<void> {
  for (const tenant of world.tenants) {
    await playObjects(world, tenant);
    await playTenantLists(world, tenant);
    await playCounts(world, tenant);
    await playOwnLists(world, tenant);
    await playPeople(world, tenant);
    await playApiKeys(world, tenant);
  }
  await playPlatformObjects(world);
  await playPlatformLists(world);
  await playCredentials(world);
  await playTenantLife(world);
  await playAdministration(world);
  await playStreams(world);
  await playBackground(world);
}
