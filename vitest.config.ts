import { defineConfig } from 'vitest/config';
import {
  postgres17,
  postgres17Project,
  warnWithoutPostgres17,
} from './test/support/postgres-17.ts';

/** Where .ci/run asks for the machine-readable result; unset in everyday use. */
const reportFile = process.env.TEST_REPORT_FILE;

/** The part of the tests that says most about a version of PostgreSQL, in two minutes. */
const onPostgres17 = {
  extends: true as const,
  test: {
    name: postgres17Project,
    include: [
      'test/migrations/*.test.ts',
      'test/isolation/{definer-functions,row-security*}.test.ts',
      'test/domains/{audit,audit-redaction,flagship,housekeeping,monitoring,sign-in}.test.ts',
      'test/cli/db.test.ts',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    isolate: false,
  },
};

warnWithoutPostgres17();

export default defineConfig({
  // Vite takes graphql's index.mjs where Node takes index.js. With both in one process there are two
  // graphqls, and an error of one is no instance of the other's GraphQLError.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // Each worker owns a cloned database and hashes passwords: more than two only slow each other.
    maxWorkers: 2,
    // A test that hangs ends some time. On a busy machine anything may take many times what it usually does.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: reportFile ? [['json', { outputFile: reportFile }], 'default'] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'test/unit/**/*.test.ts',
            'test/structure/{ladder,plain-words,prisma-share}.test.ts',
          ],
          globalSetup: ['test/support/run-folder.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/unit/**', 'test/structure/{ladder,plain-words,prisma-share}.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          // The files of a worker share its modules: loading them anew took two seconds of CPU for each file.
          isolate: false,
        },
      },
      // Where it is installed: `.ci/install-tools postgres-17`.
      ...(postgres17 ? [onPostgres17] : []),
    ],
  },
});
