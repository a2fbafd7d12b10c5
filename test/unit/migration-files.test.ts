import { expect, test } from 'vitest';
import {
  createMigrationFile,
  findViolation,
  listConcurrentIndexes,
} from '../../src/db/migrate/files.ts';
import { verifyServerVersion } from '../../src/db/migrate/session.ts';

const violationOf = (sql: string, name = '001_words') =>
  findViolation(createMigrationFile(name, sql));

test('a server older than 17 is rejected with both versions named', () => {
  expect(() => verifyServerVersion(160_010, '16.10')).toThrow(
    'PostgreSQL 17 or newer is required, but this server is 16.10',
  );
  expect(() => verifyServerVersion(170_010, '17.10')).not.toThrow();
  expect(() => verifyServerVersion(180_004, '18.4')).not.toThrow();
});

test('the checksum equals the one that Prisma stores', () => {
  // Stored by Prisma 7.10's engine for this text.
  const sql = "create table a(x int); do $$ begin perform 1; perform 2; end $$; select 'é;';";
  expect(createMigrationFile('001_a', sql).checksum).toBe(
    'f21d394c400d4d8e06ddcbe50194a96bc2fa4b6d2adf068c95fe8c2dd547a397',
  );
});

test('a folder must be named NNN_words', () => {
  expect(violationOf('select 1', '20260101_x')).toContain('NNN_words');
  expect(violationOf('select 1', '012_add_things')).toBeNull();
});

test.each(['begin; select 1; commit;', 'select 1; COMMIT', 'start transaction; select 1'])(
  'a file with transaction statements is rejected: %s',
  (sql) => expect(violationOf(sql)).toContain('remove begin, commit and rollback'),
);

test.each([
  `do $$ begin; commit; end $$`,
  `do $body$ begin perform 1; rollback; end $body$`,
  `select 'a; commit; b', 'it''s; begin; so' -- ; rollback`,
  `create function f() returns int begin atomic select 1; end`,
])('transaction words in bodies, strings and comments are allowed: %s', (sql) => {
  expect(violationOf(sql)).toBeNull();
});

test('a concurrent index statement must be alone in its file and repeatable', () => {
  const good = '-- why\ncreate index concurrently if not exists a_x on a (x);\n';
  expect(violationOf(good)).toBeNull();
  expect(violationOf(`${good} select 1`)).toContain('to its own file');
  expect(violationOf('create index concurrently a_x on a (x)')).toContain('if [not] exists');
  expect(createMigrationFile('001_a', `-- not index concurrently\nselect 1`).isConcurrent).toBe(
    false,
  );
});

test('the index names of a concurrent file are listed', () => {
  const name = (sql: string) => listConcurrentIndexes(createMigrationFile('001_a', sql));
  expect(name('create unique index concurrently if not exists A_x on a (x)')).toEqual(['a_x']);
  expect(name('create index concurrently if not exists "A x" on a (x)')).toEqual(['A x']);
});
