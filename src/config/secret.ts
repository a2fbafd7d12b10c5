import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';

/**
 * Returns the server's secret: the configured one or, in development, one that is created once and stored in the data
 * folder.
 */
export async function getSecret({ secret, database }: Config): Promise<string> {
  if (secret !== undefined) return secret;
  const file = join(database.dataDir, 'secret');
  await mkdir(database.dataDir, { recursive: true });
  const fresh = randomBytes(32).toString('base64url');
  // The first process creates it; all of them read the file.
  await writeFile(file, fresh, { mode: 0o600, flag: 'wx' }).catch(ignoreExisting);
  return await readFile(file, 'utf8');
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
