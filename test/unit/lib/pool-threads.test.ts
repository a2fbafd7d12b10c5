import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createPasswordHasher } from '../../../src/core/passwords/hasher.ts';

test.runIf(process.platform === 'linux')(
  'hashing threads have a lower priority than the event loop',
  async () => {
    await createPasswordHasher(loadConfig({ NODE_ENV: 'test' }).passwords).hash('any password');
    const pool = readdirSync('/proc/self/task').filter(
      (thread) => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === 'libuv-worker',
    );
    expect(pool.length).toBeGreaterThan(0);
    for (const thread of pool) {
      expect(getPriority(Number(thread))).toBeGreaterThan(getPriority());
    }
  },
);
