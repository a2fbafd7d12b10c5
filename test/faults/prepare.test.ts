import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { prepareClient } from '../../src/db/prepare.ts';

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const schema = `generator client {
  provider            = "prisma-client"
  output              = "../src/db/generated"
  importFileExtension = "ts"
}

datasource db {
  provider = "postgresql"
}

model Thing {
  id Int @id
}
`;

async function createProject(): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'tenantry-prepare-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(path.join(root, 'prisma'));
  await symlink(atRoot('node_modules'), path.join(root, 'node_modules'), 'junction');
  await copyFile(atRoot('prisma.config.ts'), path.join(root, 'prisma.config.ts'));
  await writeFile(path.join(root, 'prisma/schema.prisma'), schema);
  return root;
}

const readClient = (root: string) =>
  readFile(path.join(root, 'src/db/generated/models/Thing.ts'), 'utf8');

test('the client is generated once for concurrent starts, and again only when the schema changes', async () => {
  const root = await createProject();
  const results = await Promise.all([1, 2, 3].map(() => prepareClient(root)));
  expect(results.filter(({ isChanged }) => isChanged)).toHaveLength(1);
  expect(await prepareClient(root)).toEqual({ isChanged: false });
  expect(await readClient(root)).not.toContain('colour');
  await writeFile(
    path.join(root, 'prisma/schema.prisma'),
    schema.replace('@id', '@id\n  colour String'),
  );
  expect(await prepareClient(root)).toEqual({ isChanged: true });
  expect(await readClient(root)).toContain('colour');
});

test("an invalid schema is reported with Prisma's error, and the next start generates the client again", async () => {
  const root = await createProject();
  await writeFile(path.join(root, 'prisma/schema.prisma'), `${schema}\nmodel Broken {}`);
  await expect(prepareClient(root)).rejects.toThrow('prisma generate failed');
  await writeFile(path.join(root, 'prisma/schema.prisma'), schema);
  expect(await prepareClient(root)).toEqual({ isChanged: true });
});
