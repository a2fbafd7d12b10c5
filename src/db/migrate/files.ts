import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from './migration-error.ts';

/** One `migrations/NNN_words/migration.sql`. */
export type MigrationFile = {
  /** The directory's name, as in `_prisma_migrations`. */
  name: string;
  sql: string;
  /** SHA-256 of the file in hex, as Prisma computes it. */
  checksum: string;
  /** A concurrent index statement; alone in its file, because it cannot run in a transaction. */
  isConcurrent: boolean;
};

/**
 * Reads all migrations, in order. Throws MigrationError (`invalid_file`) for one that could not be repeated after a
 * kill: see `findViolation`.
 */
export async function readMigrations(migrationsDir: string): Promise<MigrationFile[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'functions')
    .map((entry) => entry.name);
  const files = await Promise.all(names.sort().map((name) => readMigration(migrationsDir, name)));
  for (const file of files) {
    const violation = findViolation(file);
    if (violation) {
      throw new MigrationError('invalid_file', `migrations/${file.name}: ${violation}`);
    }
  }
  return files;
}

async function readMigration(migrationsDir: string, name: string): Promise<MigrationFile> {
  const sql = await readFile(path.join(migrationsDir, name, 'migration.sql'), 'utf8');
  return createMigrationFile(name, sql);
}

/** The pure part of readMigrations. */
export function createMigrationFile(name: string, sql: string): MigrationFile {
  const checksum = createHash('sha256').update(sql).digest('hex');
  return { name, sql, checksum, isConcurrent: concurrentPattern.test(stripLiterals(sql)) };
}

/**
 * The rule that a file breaks, or null. The rules keep every file repeatable: it is either one transaction, or one
 * statement that does nothing the second time.
 */
export function findViolation({ name, sql, isConcurrent }: MigrationFile): string | null {
  if (!/^\d{3}_[a-z0-9_]+$/.test(name)) return 'the directory must be named NNN_words';
  const bare = stripLiterals(sql);
  if (transactionPattern.test(bare)) {
    return 'remove begin, commit and rollback: each file already is one transaction';
  }
  if (!isConcurrent) return null;
  const statements = bare.split(';').filter((statement) => statement.trim() !== '');
  if (statements.length > 1) {
    return 'a concurrent index statement cannot run in a transaction: move it to its own file';
  }
  if (!/\bconcurrently\s+if\s+(?:not\s+)?exists\b/i.test(bare)) {
    return 'write `concurrently if [not] exists`, so that it can be repeated after a kill';
  }
  return null;
}

/** The indexes that a concurrent file creates; an interrupted build leaves them invalid. */
export function listConcurrentIndexes({ sql }: MigrationFile): string[] {
  const pattern = /\bindex\s+concurrently\s+if\s+not\s+exists\s+(?:"([^"]+)"|([a-z0-9_]+))/gi;
  return [...stripComments(sql).matchAll(pattern)].map(([, quoted, plain]) => {
    return quoted ?? (plain ?? '').toLowerCase();
  });
}

const concurrentPattern = /\b(?:index|reindex\b[^;]*?)\s+concurrently\b/i;
const transactionPattern =
  /(?:^|;)\s*(?:begin\s*(?:;|transaction|work|isolation)|start\s+transaction|commit|rollback|savepoint)\b/i;

const commentPattern = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const noisePattern = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1/g;

function stripComments(sql: string): string {
  return sql.replace(commentPattern, ' ');
}

/** Removes comments, strings and function bodies. */
export function stripLiterals(sql: string): string {
  return sql.replace(noisePattern, ' ');
}
