import type pg from 'pg';
import { waitUntil } from '../../support/child.ts';

/** An index and its usage. */
export type Index = {
  name: string;
  table: string;
  isUnique: boolean;
  isPrimary: boolean;
  megabytes: number;
  scans: number;
  /** The query that it serves. */
  comment: string | null;
};

/**
 * All indexes with the number of scans since the last reset of the statistics. Every server must be closed, since a
 * connection is certain to report its counts only when it ends.
 */
export async function listIndexes(client: pg.Client): Promise<Index[]> {
  await waitUntil(async () => {
    const { rows } = await client.query(
      `select from pg_stat_activity where application_name = 'tenantry'`,
    );
    return rows.length === 0;
  });
  const { rows } = await client.query<Index>(
    `select s.indexrelname as name, s.relname as table, i.indisunique as "isUnique",
       i.indisprimary as "isPrimary", pg_relation_size(s.indexrelid) / 1048576.0::float8 as megabytes,
       s.idx_scan::float8 as scans, obj_description(s.indexrelid) as comment
     from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
     where s.schemaname = 'public' and s.relname <> '_prisma_migrations' order by s.relname, s.indexrelname`,
  );
  return rows;
}

/** Leaves only keys, unique indexes and PostgreSQL's default plan settings. */
export async function removeTuning(client: pg.Client): Promise<void> {
  await client.query(`
    do $$
    declare
      one record;
    begin
      for one in
        select i.indexrelid::regclass as name from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = 'public'::regnamespace and not i.indisunique
      loop
        execute format('drop index %s', one.name);
      end loop;
      for one in
        select p.oid::regprocedure as name from pg_proc p
        where p.pronamespace = 'public'::regnamespace
          and 'plan_cache_mode=force_generic_plan' = any (p.proconfig)
      loop
        execute format('alter function %s reset plan_cache_mode', one.name);
        execute format('alter function %s reset enable_seqscan', one.name);
      end loop;
      for one in
        select a.attrelid::regclass as table_name, a.attname as column_name from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and a.attoptions is not null
      loop
        execute format('alter table %s alter column %I reset (n_distinct)', one.table_name, one.column_name);
      end loop;
    end
    $$;
    analyze`);
}
