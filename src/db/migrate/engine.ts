import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { MigrationFile } from './files.ts';

// Node has it; TypeScript declares it only together with a browser's whole world.
declare const WebAssembly: {
  compile: (bytes: Uint8Array) => Promise<object>;
  instantiate: (module: object, imports: object) => Promise<{ exports: Record<string, unknown> }>;
};

type Bindings = typeof import('@prisma/schema-engine-wasm/schema_engine_bg');

const provider = 'provider = "postgresql"';

/**
 * Of the process, not of this module: the package keeps one instance of its program, and where this module is loaded
 * twice, as by two projects of a test runner, a second one would break what the first still does.
 */
const shared: { [key: symbol]: Promise<Bindings> | undefined } = globalThis;
const bindings = Symbol.for('tenantry.schema-engine');

/** Has Prisma's schema engine apply all pending files in order; returns the names of those. */
export async function applyWithEngine(
  factory: SqlMigrationAwareDriverAdapterFactory,
  { files, migrationsDir }: { files: readonly MigrationFile[]; migrationsDir: string },
): Promise<string[]> {
  const engine = await createEngine(factory);
  try {
    const answer = await engine.applyMigrations({
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
    return answer.appliedMigrationNames;
  } finally {
    engine.free();
  }
}

/** Prisma's schema engine on a database of ours; the test of schema.prisma diffs with it. */
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
 * The package's own entry point imports the .wasm file as a module, which Node can do only with a
 * warning, so this does what it would. Compiling takes some 70 ms: once, and only when needed.
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
