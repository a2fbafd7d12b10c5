import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

type Packed = [{ files: { path: string }[] }];

/** The files that npm puts into the archive. */
async function listPacked(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json'], {
    maxBuffer: 20_000_000,
  });
  const [{ files }] = JSON.parse(stdout) as Packed;
  return files.map(({ path }) => path);
}

test('the packed archive contains only the documents and the files that the image is built from', async () => {
  const packed = await listPacked();
  const others = packed.filter(
    (file) =>
      !/^(src|migrations|docs)\//.test(file) &&
      !/^(prisma\/schema\.prisma|prisma\.config\.ts|tsconfig\.json|package\.json|\.env\.example)$/.test(
        file,
      ) &&
      !/^(README|CHANGELOG|SECURITY)\.md$|^LICENSE$/.test(file),
  );
  expect(others).toEqual([]);
  expect(packed.filter((file) => /generated|\.test\.|\.log$/.test(file))).toEqual([]);
  const dockerfile = await readFile('Dockerfile', 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  // npm never packs these two.
  const needed = copied.filter((name) => name !== 'package-lock.json' && name !== '.npmrc');
  expect(needed.length).toBeGreaterThan(5);
  for (const name of needed) {
    expect(
      packed.some((file) => file === name || file.startsWith(`${name}/`)),
      name,
    ).toBe(true);
  }
});
