import { availableParallelism } from 'node:os';
import { loadConfig } from '../../../../src/config.ts';
import { createPasswordHasher } from '../../../../src/core/passwords/hasher.ts';

/** Password hashes per second, with one at a time on each core. */
export async function measureHashes(milliseconds: number): Promise<number> {
  const config = loadConfig({ NODE_ENV: 'test' });
  const hasher = createPasswordHasher(config.passwords);
  const began = performance.now();
  let hashes = 0;
  const loop = async () => {
    while (performance.now() - began < milliseconds) {
      await hasher.hash('a sentence that is hashed again and again');
      hashes += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, loop));
  return hashes / ((performance.now() - began) / 1_000);
}
