import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type pg from 'pg';
import { type MigrationFile, stripLiterals } from './files.ts';
import { MigrationError } from './migration-error.ts';

/** One `migrations/functions/<name>.sql`: one function with its comment and grants. */
export type FunctionFile = {
  name: string;
  sql: string;
  /** SHA-256 in hex. */
  hash: string;
  /** Runs with the permissions of tenantry_definer, which owns it. */
  isDefiner: boolean;
};

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };

/** The line of a migration that is replaced by the functions it calls, and by those that the line lists. */
const placeholder = /^-- @functions\b(.*)$/m;

/**
 * Reads all functions, each after those that it calls; none if there is no such directory.
 * Throws MigrationError (`invalid_file`) for a file that does not replace the function it is named after.
 */
export async function readFunctions(migrationsDir: string): Promise<FunctionFile[]> {
  const folder = path.join(migrationsDir, 'functions');
  const entries = await readdir(folder).catch(() => []);
  const names = entries.filter((entry) => entry.endsWith('.sql')).sort();
  const files = await Promise.all(
    names.map(async (entry) =>
      createFunctionFile(entry.slice(0, -4), await readFile(path.join(folder, entry), 'utf8')),
    ),
  );
  return sortByCalls(files);
}

/** The pure part of readFunctions. */
export function createFunctionFile(name: string, sql: string): FunctionFile {
  const bare = stripLiterals(sql);
  const defined = [...bare.matchAll(/\bcreate\s+or\s+replace\s+function\s+(\w+)/gi)];
  if (defined.length !== 1 || defined[0]?.[1] !== name) {
    throw new MigrationError(
      'invalid_file',
      `migrations/functions/${name}.sql: must create or replace the one function ${name}`,
    );
  }
  const hash = createHash('sha256').update(sql).digest('hex');
  return { name, sql, hash, isDefiner: /\bsecurity\s+definer\b/i.test(bare) };
}

/**
 * These functions and all that they call. PostgreSQL resolves calls outside of quoted bodies when a function is created,
 * so callees come first. Pure.
 */
export function sortByCalls(
  files: readonly FunctionFile[],
  roots: readonly FunctionFile[] = files,
): FunctionFile[] {
  const sorted = new Set<FunctionFile>();
  const visiting = new Set<FunctionFile>();
  const visit = (file: FunctionFile): void => {
    if (visiting.has(file)) return;
    visiting.add(file);
    for (const callee of listCalled(file.sql, files)) visit(callee);
    sorted.add(file);
  };
  for (const root of roots) visit(root);
  return [...sorted];
}

/** The functions whose name stands before a parenthesis, outside of comments, strings and quoted bodies. */
function listCalled(sql: string, files: readonly FunctionFile[]): FunctionFile[] {
  const words = [...stripLiterals(sql).matchAll(/\b(\w+)\s*\(/g)].map(([, word]) => word);
  const names = new Set(words);
  return files.filter(({ name }) => names.has(name));
}

/**
 * The files that differ from what was applied; all of them if none was. Functions applied by a newer version stay: an
 * older server may start during a rolling upgrade.
 */
export async function listChangedFunctions(
  session: pg.Pool,
  files: readonly FunctionFile[],
): Promise<FunctionFile[]> {
  const table = await session.query<{ exists: boolean }>(
    `select to_regclass('tenantry_migrations.functions') is not null as exists`,
  );
  if (!table.rows[0]?.exists) return [...files];
  const numbers = (text: string) =>
    `string_to_array(substring(${text} from '^[0-9.]+'), '.')::int[]`;
  const { rows } = await session.query<{ name: string; hash: string; isNewer: boolean }>(
    `select name, hash, ${numbers('version')} > ${numbers('$1::text')} as "isNewer"
     from tenantry_migrations.functions`,
    [version],
  );
  const applied = new Map(rows.map((row) => [row.name, row]));
  return files.filter(({ name, hash }) => {
    const row = applied.get(name);
    return row === undefined || (row.hash !== hash && !row.isNewer);
  });
}

/**
 * Replaces the placeholder of a migration by the functions it needs. The rest are applied after all migrations, because
 * they may use tables that a later one creates. A listed function without a file was dropped since. Pure.
 */
export function insertFunctions(
  file: MigrationFile,
  functions: readonly FunctionFile[],
): MigrationFile {
  const line = placeholder.exec(file.sql);
  if (!line) return file;
  const listed: readonly string[] = line[1]?.match(/\w+/g) ?? [];
  const roots = [
    ...listCalled(file.sql, functions),
    ...functions.filter(({ name }) => listed.includes(name)),
  ];
  const script = writeFunctions(sortByCalls(functions, roots));
  return { ...file, sql: file.sql.replace(placeholder, () => script) };
}

/**
 * SQL that applies and records the functions, for one transaction. Definer functions are created by their owner,
 * because only a superuser could transfer them later. Pure.
 */
export function writeFunctions(functions: readonly FunctionFile[]): string {
  return `
create schema if not exists tenantry_migrations;
create table if not exists tenantry_migrations.functions (
  name text primary key, hash text not null, version text not null, applied_at timestamptz not null default now()
);
-- Quoted bodies are checked when they run: they may call functions that come later.
set local check_function_bodies = off;
grant usage, create on schema public to tenantry_definer;
${functions.map(writeFunction).join('\n')}
do $$
declare
  owner_of_database constant name := current_user;
  signature regprocedure;
begin
  set local role tenantry_definer;
  for signature in
    select oid from pg_proc where pronamespace = 'public'::regnamespace and proowner = 'tenantry_definer'::regrole
  loop
    execute format('grant execute on function %s to %I', signature, owner_of_database);
  end loop;
  reset role;
end
$$;
revoke create on schema public from tenantry_definer;
set local check_function_bodies = on;
`;
}

function writeFunction({ name, sql, hash, isDefiner }: FunctionFile): string {
  const text = isDefiner
    ? `set local role tenantry_definer;\n-- functions/${name}.sql\n${sql}\nreset role;`
    : `-- functions/${name}.sql\n${sql}`;
  return `${text}
insert into tenantry_migrations.functions (name, hash, version) values ('${name}', '${hash}', '${version}')
  on conflict (name) do update set hash = excluded.hash, version = excluded.version, applied_at = now();`;
}

/** SQL that marks all functions as changed. */
export const forgetFunctions = `
do $$
begin
  if to_regclass('tenantry_migrations.functions') is not null then
    delete from tenantry_migrations.functions;
  end if;
end
$$;`;

/** The function file and line that an offset of the script belongs to, or null. Pure. */
export function findFunctionLine(
  script: string,
  offset: number,
): { name: string; line: number } | null {
  const before = script.slice(0, offset);
  const start = before.lastIndexOf('\n-- functions/');
  const name = /^\n-- functions\/(\w+)\.sql\n/.exec(script.slice(start))?.[1];
  if (start === -1 || name === undefined) return null;
  return { name, line: before.slice(start).split('\n').length - 2 };
}
