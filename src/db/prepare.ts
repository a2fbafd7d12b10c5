import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFileLock } from '../lib/file-lock.ts';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Generates Prisma's client into src/db/generated if prisma/schema.prisma or Prisma itself has changed, which
 * `npm ci --ignore-scripts` does not do. Returns whether it did. Needs no network. Safe to run concurrently, and to
 * repeat after a kill, because the mark is written last. Run it before importing anything that imports the client.
 * Throws an Error with Prisma's message if the schema is invalid.
 */
export async function prepareClient(root: string = projectRoot): Promise<{ isChanged: boolean }> {
  const generated = path.join(root, 'src', 'db', 'generated');
  const mark = path.join(generated, '.made-from');
  const wanted = await computeMark(root);
  if ((await readMark(mark)) === wanted) return { isChanged: false };
  // In node_modules, because the generator empties its own directory, and git must not see the lock.
  const lock = path.join(root, 'node_modules', '.tenantry-prepare.lock');
  return withFileLock(lock, { deadlineSeconds: 120 }, async () => {
    if ((await readMark(mark)) === wanted) return { isChanged: false };
    await rm(mark, { force: true });
    await generate(root);
    await mkdir(generated, { recursive: true });
    await writeFile(mark, wanted);
    return { isChanged: true };
  });
}

/**
 * A hash of the schema, Prisma's version and the generator's settings. The version is read from the client's runtime,
 * because a production image does not have the generator.
 */
async function computeMark(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['prisma/schema.prisma', 'prisma.config.ts']) {
    hash.update(await readFile(path.join(root, file)));
  }
  const release = createRequire(import.meta.url).resolve('@prisma/client/package.json');
  return `${hash.update(await readFile(release)).digest('hex')}\n`;
}

async function readMark(mark: string): Promise<string> {
  return readFile(mark, 'utf8').catch(() => '');
}

/** Throws an Error that says what to do if Prisma's CLI is not installed. */
function findGenerator(): string {
  try {
    return createRequire(import.meta.url).resolve('prisma/build/index.js');
  } catch (cause) {
    throw new Error(
      'prisma/schema.prisma has changed and the package "prisma", which generates the client from it, is not ' +
        'installed: run `npm ci`, or build the image again',
      { cause },
    );
  }
}

/** Runs under the same Node, without shim, shell or PATH. */
function generate(root: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [findGenerator(), 'generate'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`prisma generate failed:\n${output.trim()}`));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { isChanged } = await prepareClient();
    if (isChanged) console.error('prepared the database client');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
