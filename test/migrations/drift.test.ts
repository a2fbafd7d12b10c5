import { readFile } from 'node:fs/promises';
import {
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createMigrationAdapter } from '../../src/db/migrate/adapter.ts';
import { createEngine } from '../../src/db/migrate/engine.ts';
import { plainRoles } from '../../src/db/roles.ts';
import { createTestDatabase } from '../support/cluster.ts';

// Prisma's schema engine compares the schema with the database. It cannot express checks, policies, triggers,
// functions, grants, index conditions and generated columns; structure.test.ts covers these.

const path = 'schema.prisma';
const content = await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');

/** One connection, so that the engine sees the changes of an open transaction. */
let session: pg.Pool;
let engine: SchemaEngine;
beforeAll(async () => {
  const { ownerUrl, drop } = await createTestDatabase();
  session = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  // The database may be dropped before its last connection is closed.
  session.on('error', () => undefined);
  engine = await createEngine(createDescribingAdapter(session));
  return async () => {
    engine.free();
    await session.end();
    await drop();
  };
});

describe('prisma/schema.prisma', () => {
  test('equals the migrated database', async () => {
    expect(await describeDrift('')).toBe('No difference detected.\n');
  });

  test.each([
    ['an extra column', 'alter table users add column nickname text'],
    ['a missing column', 'alter table roles drop column created_at'],
    ['a different type', 'alter table password_reset_requests alter column ip type text'],
    ['a nullable column', 'alter table sessions alter column expires_at drop not null'],
    ['a different default', 'alter table user_tenants alter column is_active set default false'],
    ['a missing index', 'drop index sessions_user_id_id_idx'],
    [
      'an index with another column order',
      `drop index sessions_user_id_id_idx;
       create index sessions_user_id_id_idx on sessions (id, user_id)`,
    ],
    [
      'an index with another operator class',
      `drop index users_metadata_idx;
       create index users_metadata_idx on users using gin (metadata)`,
    ],
    ['a key that is no longer unique', 'alter table users drop constraint users_email_unique'],
    [
      'a foreign key with another action',
      `alter table sessions drop constraint sessions_membership_fkey;
       alter table sessions add constraint sessions_membership_fkey
         foreign key (tenant_id, user_id) references user_tenants (tenant_id, user_id)`,
    ],
    ['an extra table', 'create table notes (id uuid primary key)'],
  ])('is reported to differ from a database with %s', async (_name, change) => {
    expect(await describeDrift(change)).toMatch(/^\n\[[-+*]\] (Added|Removed|Changed) /);
  });
});

/** The changes that Prisma proposes to make a migrated database, changed by `sql`, equal to its schema. */
async function describeDrift(sql: string): Promise<string | null> {
  const files = [{ path, content }];
  await session.query(`begin; ${sql}`);
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: false,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout;
  } finally {
    await session.query('rollback');
  }
}

/** The catalogue's one-byte type "char" and its array, by their ids in pg_type. */
const [charId, charArrayId] = [18, 1002];

/**
 * The engine reads the catalogue, whose columns of type "char" Prisma's pg adapter cannot name.
 * They travel as "char"[], of which the catalogue has none, and get their own type at the end.
 */
function createDescribingAdapter(session: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const describing: pg.Pool = Object.create(session);
  describing.query = (async (config: pg.QueryConfig) => {
    const result = await session.query(config);
    for (const field of result.fields) {
      if (field.dataTypeID === charId) field.dataTypeID = charArrayId;
    }
    return result;
  }) as typeof session.query;
  const factory = createMigrationAdapter(describing, {
    files: [],
    functions: [],
    roles: plainRoles,
    onFailure: () => undefined,
  });
  return {
    ...factory,
    connect: async () => {
      const adapter = await factory.connect();
      return {
        ...adapter,
        queryRaw: async (query) => {
          const result = await adapter.queryRaw(query);
          const { CharacterArray, Character } = ColumnTypeEnum;
          const columnTypes = result.columnTypes.map((type) =>
            type === CharacterArray ? Character : type,
          );
          return { ...result, columnTypes };
        },
      };
    },
  };
}
