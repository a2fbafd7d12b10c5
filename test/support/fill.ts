import { seedInBulk } from '../../src/cli/seed/bulk.ts';
import { completeSize } from '../../src/cli/seed/plan.ts';
import { createSharedPassword } from '../../src/cli/seed/shared-password.ts';
import { loadConfig } from '../../src/config.ts';

/**
 * Fills a migrated database with the seed command's rows: 1 tenant per 50 users, 2 memberships and 2 sessions per
 * user. Does not run `analyze`. Returns the password of all users.
 */
export async function fillBySeed(ownerUrl: string, users: number): Promise<string> {
  const config = loadConfig({ NODE_ENV: 'test' });
  const { password, passwordHash } = await createSharedPassword(config);
  const size = completeSize({
    users,
    tenants: Math.ceil(users / 50),
    memberships: users * 2,
    sessions: users * 2,
  });
  const onProgress = () => undefined;
  await seedInBulk(ownerUrl, { ...size, passwordHash, lifetime: config.sessions, onProgress });
  return password ?? '';
}
