import { readFile, writeFile } from 'node:fs/promises';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { buildSchema, introspectionFromSchema } from 'graphql';

// Writes the public schema as the types that gql.tada reads; with --check it only compares, so that the
// example can never be about another schema. gql.tada's own command does the same where the project's
// compiler is TypeScript 6 or older: it needs the compiler's JavaScript API, which 7 has not.
const file = new URL('./src/schema-types.d.ts', import.meta.url);
const schema = buildSchema(
  await readFile(new URL('../../src/schema.graphql', import.meta.url), 'utf8'),
);
const printed = outputIntrospectionFile(minifyIntrospection(introspectionFromSchema(schema)), {
  fileType: '.d.ts',
  shouldPreprocess: true,
});

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8').catch(() => '');
  if (committed !== printed) {
    process.stderr.write(
      'examples/typed-client is out of date: run `npm run schema:print` and commit it.\n',
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(file, printed);
}
