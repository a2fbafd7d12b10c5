import { readFile, writeFile } from 'node:fs/promises';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '../schema.ts';

// Writes the printed, sorted schema to src/schema.graphql; with --check it only compares, so that
// a change of the public API is always a visible change of a committed file.
const file = new URL('../schema.graphql', import.meta.url);
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8').catch(() => '');
  if (committed !== printed) {
    console.error('src/schema.graphql is out of date: run `npm run schema:print` and commit it.');
    process.exitCode = 1;
  }
} else {
  await writeFile(file, printed);
}
