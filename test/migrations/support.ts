import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createEmptyDatabase } from '../support/cluster.ts';

/** An empty database with a folder of migrations and the runner, removed after the test. */
export async function createStage(files: Readonly<Record<string, string>>) {
  const { ownerUrl, drop } = await createEmptyDatabase();
  const migrationsDir = await mkdtemp(path.join(tmpdir(), 'tenantry-migrations-'));
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 4 });
  pool.on('error', () => undefined);
  onTestFinished(async () => {
    await pool.end();
    await drop();
    await rm(migrationsDir, { recursive: true, force: true });
  });
  const write = async (name: string, sql: string) => {
    await mkdir(path.join(migrationsDir, name), { recursive: true });
    await writeFile(path.join(migrationsDir, name, 'migration.sql'), sql);
  };
  for (const [name, sql] of Object.entries(files)) await write(name, sql);
  return {
    ownerUrl,
    migrationsDir,
    pool,
    write,
    /** Writes `functions/<name>.sql`. */
    writeFunction: async (name: string, sql: string) => {
      const folder = path.join(migrationsDir, 'functions');
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, `${name}.sql`), sql);
    },
    run: (deadlineSeconds = 60) =>
      migrate({ ownerUrl, migrationsDir, log: silentLog, deadlineSeconds }),
    /** Applies this folder to another database. */
    runOn: (otherUrl: string) => migrate({ ownerUrl: otherUrl, migrationsDir, log: silentLog }),
    /** Runs the statement in a transaction that stays open until the returned function is called. */
    hold: async (statement: string) => {
      const client = await pool.connect();
      let end = async () => {
        end = () => Promise.resolve();
        await client.query('rollback');
        client.release();
      };
      onTestFinished(() => end());
      await client.query('begin isolation level repeatable read');
      await client.query(statement);
      return () => end();
    },
    /** Names in `_prisma_migrations`: applied ones plain, rolled back ones with a minus. */
    readHistory: async () => {
      const { rows } = await pool.query<{ entry: string }>(
        `select case when rolled_back_at is not null then '-' when finished_at is null then '?'
           else '' end || migration_name as entry
         from _prisma_migrations order by started_at`,
      );
      return rows.map(({ entry }) => entry);
    },
  };
}
