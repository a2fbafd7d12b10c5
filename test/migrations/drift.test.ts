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

// Prisma's own schema engine compares, so what counts is what Prisma's client believes. What Prisma
// has no words for (checks, policies, triggers, functions, grants, conditions of indexes, how a
// column is generated) is invisible to it and kept by structure.test.ts.

const path = 'schema.prisma';
const content = await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');

/** One connection, so the engine sees what a transaction on it has changed. */
let session: pg.Pool;
let engine: SchemaEngine;
beforeAll(async () => {
  const { ownerUrl, drop } = await createTestDatabase();
  session = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  // The database is dropped while its last connection is still saying goodbye.
  session.on('error', () => undefined);
  engine = await createEngine(createDescribingAdapter(session));
  return async () => {
    engine.free();
    await session.end();
    await drop();
  };
});

describe('prisma/schema.prisma', () => {
  test('says what the migrated database is', async () => {
    expect(await describeDrift('')).toBe('No difference detected.\n');
  });

  test.each([
    ['a column more', 'alter table users add column nickname text'],
    ['a column less', 'alter table roles drop column created_at'],
    ['another type', 'alter table password_reset_requests alter column ip type text'],
    ['a column that may be null', 'alter table sessions alter column expires_at drop not null'],
    ['another default', 'alter table user_tenants alter column is_active set default false'],
    ['an index less', 'drop index sessions_user_id_id_idx'],
    [
      'an index in another order',
      `drop index sessions_user_id_id_idx;
       create index sessions_user_id_id_idx on sessions (id, user_id)`,
    ],
    [
      'an index with other operators',
      `drop index users_metadata_idx;
       create index users_metadata_idx on users using gin (metadata)`,
    ],
    ['a key that is no longer unique', 'alter table users drop constraint users_email_unique'],
    [
      'a foreign key that behaves differently',
      `alter table sessions drop constraint sessions_membership_fkey;
       alter table sessions add constraint sessions_membership_fkey
         foreign key (tenant_id, user_id) references user_tenants (tenant_id, user_id)`,
    ],
    ['a table more', 'create table notes (id uuid primary key)'],
  ])('is seen to differ from a database with %s', async (_what, change) => {
    expect(await describeDrift(change)).toMatch(/^\n\[[-+*]\] (Added|Removed|Changed) /);
  });
});

/** What Prisma would have to change so that a migrated database, changed by `sql`, is its schema. */
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
          const answer = await adapter.queryRaw(query);
          const { CharacterArray, Character } = ColumnTypeEnum;
          const columnTypes = answer.columnTypes.map((type) =>
            type === CharacterArray ? Character : type,
          );
          return { ...answer, columnTypes };
        },
      };
    },
  };
}
