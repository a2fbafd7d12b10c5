import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { MigrationFile } from './files.ts';

// Available in Node, but TypeScript declares it only in its DOM library.
declare const WebAssembly: {
  compile: (bytes: Uint8Array) => Promise<object>;
  instantiate: (module: object, imports: object) => Promise<{ exports: Record<string, unknown> }>;
};

type Bindings = typeof import('@prisma/schema-engine-wasm/schema_engine_bg');

const provider = 'provider = "postgresql"';

/**
 * Shared by the whole process, because the package keeps one WebAssembly instance. If this module is loaded twice, as
 * by two projects of a test runner, a second instance would break the first.
 */
const shared: { [key: symbol]: Promise<Bindings> | undefined } = globalThis;
const bindings = Symbol.for('tenantry.schema-engine');

/** Applies all pending files in order with Prisma's schema engine; returns their names. */
export async function applyWithEngine(
  factory: SqlMigrationAwareDriverAdapterFactory,
  { files, migrationsDir }: { files: readonly MigrationFile[]; migrationsDir: string },
): Promise<string[]> {
  const engine = await createEngine(factory);
  try {
    const result = await engine.applyMigrations({
      migrationsList: {
        baseDir: migrationsDir,
        lockfile: { path: 'migration_lock.toml', content: provider },
        shadowDbInitScript: '',
        migrationDirectories: files.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
      filters: { externalTables: [], externalEnums: [] },
    });
    return result.appliedMigrationNames;
  } finally {
    engine.free();
  }
}

/** Prisma's schema engine on a database; the drift test of schema.prisma uses it as well. */
export async function createEngine(
  factory: SqlMigrationAwareDriverAdapterFactory,
): Promise<SchemaEngine> {
  shared[bindings] ??= loadBindings();
  const { SchemaEngine } = await shared[bindings];
  return SchemaEngine.new(
    { datamodels: [['schema.prisma', `datasource db { ${provider} }`]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

/**
 * The package's own entry point imports the .wasm file as a module, for which Node prints a warning. This does the
 * same without one. Compiling takes about 70 ms, once and only when needed.
 */
async function loadBindings(): Promise<Bindings> {
  const name = '@prisma/schema-engine-wasm/schema_engine_bg';
  const loaded = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const path = createRequire(import.meta.url)
    .resolve(name)
    .replace(/\.js$/, '.wasm');
  const compiled = await WebAssembly.compile(await readFile(path));
  const instance = await WebAssembly.instantiate(compiled, { './schema_engine_bg.js': loaded });
  loaded.__wbg_set_wasm(instance.exports);
  const { __wbindgen_start: begin } = instance.exports;
  if (typeof begin === 'function') begin();
  return loaded;
}
