import { randomBytes } from 'node:crypto';
import type { Config } from '../../config.ts';
import { createPasswordHasher } from '../../core/passwords/hasher.ts';

/** The shared password of all users of a bulk seed. */
const seedPassword = 'demo-password-for-everyone';

/**
 * One password for all users of a seed, because separate hashes would take longer than everything else. In production
 * it is random and not returned.
 */
export async function createSharedPassword(
  config: Config,
): Promise<{ password: string | null; passwordHash: string }> {
  const hasher = createPasswordHasher(config.passwords);
  const password = config.env === 'production' ? null : seedPassword;
  const hashed = password ?? randomBytes(32).toString('base64url');
  return { password, passwordHash: await hasher.hash(hashed) };
}
