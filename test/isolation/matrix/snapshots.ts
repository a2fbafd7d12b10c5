import { createHash } from 'node:crypto';
import type pg from 'pg';
import { settleResets } from '../../support/mail.ts';
import { type TenantName, tenantNames } from './callers.ts';
import type { World } from './world.ts';

/** Tables whose rows belong to no tenant and no user. */
const sharedTables: readonly string[] = [
  'built_in_roles',
  'sign_in_budgets',
  'mail_outbox',
  'password_reset_requests',
];

/** Tables that the server updates in the background: neither compared nor restored. */
const backgroundTables: readonly string[] = ['sign_in_failures', 'user_activity'];

type Row = { table: string; row: Record<string, unknown> };

/** All rows of the database, for comparing and restoring. */
export type Snapshot = {
  rows: readonly Row[];
  /** SHA-256 of all rows. */
  fullChecksum: string;
  /** SHA-256 of all rows of a tenant and its users. */
  checksums: Record<TenantName, string>;
  /** The same, except the rate limits and audit records that a denied call may leave behind. */
  checksum: string;
};

/** Reads and restores all tables, as the owner, to whom row security does not apply. */
export type Snapshots = { take: () => Promise<Snapshot>; restore: (to: Snapshot) => Promise<void> };

/** Throws if a table belongs to neither tenants nor users and is not listed above. */
export async function openSnapshots(owner: pg.Client, world: World): Promise<Snapshots> {
  const tables = await listTables(owner);
  const selects = tables.map(
    ({ name }) =>
      `select '${name}' as "table", to_jsonb(t) - 'last_seen_at' - 'last_used_at' as row from ${name} t`,
  );
  const read = `${selects.join(' union all ')} order by 1, 2`;
  const nameByTenant = new Map(
    tenantNames.map((tenant) => [world.contents[tenant].tenantUuid, tenant]),
  );
  const { rows: members } = await owner.query<{ user_id: string; tenant_id: string }>(
    // A user belongs to the first tenant they joined: colleagues of `home` joined `third` later.
    'select user_id, tenant_id from user_tenants order by joined_at desc, id desc',
  );
  const nameByUser = new Map(
    members.map(({ user_id, tenant_id }) => [user_id, nameByTenant.get(tenant_id)]),
  );
  const findTenant = ({ row }: Row) => {
    const id = String(row.tenant_id ?? row.chain_id ?? row.user_id ?? row.id);
    return nameByTenant.get(id) ?? nameByUser.get(id);
  };
  /** Changes whenever a row is inserted, updated or deleted: most denied calls change none. */
  const readVersions = async () => {
    const { rows } = await owner.query<{ versions: string }>(
      `select concat_ws(' ', ${tables.map(({ name }) => versionsOf(name)).join()}) as versions`,
    );
    return rows[0]?.versions;
  };
  let last: { versions: string | undefined; snapshot: Snapshot } | undefined;
  return {
    async take() {
      await settleResets({ owner });
      const versions = await readVersions();
      if (last && last.versions === versions) return last.snapshot;
      const { rows } = await owner.query<Row>(read);
      const own = Map.groupBy(rows, (row) =>
        sharedTables.includes(row.table) ? null : findTenant(row),
      );
      const sums = tenantNames.map((tenant) => [tenant, checksum(own.get(tenant) ?? [])]);
      const snapshot = {
        rows,
        fullChecksum: checksum(rows),
        checksums: Object.fromEntries(sums),
        checksum: checksum(rows.filter((row) => !isOfRejection(row))),
      };
      // A change between the two statements makes the next take read again.
      last = { versions, snapshot };
      return snapshot;
    },
    restore: (to) => restore(owner, tables, to),
  };
}

/** The row versions of a table, as one number. */
function versionsOf(table: string): string {
  return `(select count(*) || ':' || coalesce(sum(hashtext(xmin || ' ' || ctid)::bigint), 0) from ${table})`;
}

/** Rows that a denied call may change. An audit head changes with each entry; all other records are compared. */
function isOfRejection({ table, row }: Row): boolean {
  if (table === 'audit_events') return row.action === 'access.denied';
  return table === 'sign_in_budgets' || table === 'audit_heads';
}

/** Leaves only the checks of the services, and the grants on tables and columns. */
export async function disableRowSecurity(owner: pg.Client): Promise<void> {
  for (const { name } of await listTables(owner)) {
    await owner.query(`alter table ${name} disable row level security`);
  }
}

type Table = { name: string; columns: string[] };

async function listTables(owner: pg.Client): Promise<Table[]> {
  const { rows } = await owner.query<Table & { hasOwner: boolean }>(`
    select c.relname as name,
      array_agg(a.attname::text) filter (where a.attgenerated = '') as columns,
      c.relname in ('tenants', 'users')
        or bool_or(a.attname in ('tenant_id', 'user_id', 'chain_id')) as "hasOwner"
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and c.relname <> '_prisma_migrations'
    group by 1, c.relname order by 1`);
  const watched = rows.filter(({ name }) => !backgroundTables.includes(name));
  const unknown = watched.find(({ name, hasOwner }) => !hasOwner && !sharedTables.includes(name));
  if (!unknown) return watched;
  throw new Error(
    `Rows of "${unknown.name}" belong to no tenant or user (no tenant_id, user_id or chain_id): ` +
      'list the table in test/isolation/matrix/snapshots.ts.',
  );
}

async function restore(owner: pg.Client, tables: readonly Table[], to: Snapshot): Promise<void> {
  await owner.query('begin');
  // Without triggers and foreign keys, so the rows are restored exactly.
  await owner.query('set local session_replication_role = replica');
  for (const { name, columns } of tables) {
    const rows = to.rows.filter(({ table }) => table === name).map(({ row }) => row);
    const list = columns.map((column) => `"${column}"`).join();
    await owner.query(`delete from ${name}`);
    await owner.query(
      `insert into ${name} (${list}) select ${list.replace('"last_seen_at"', 'now()')}
       from jsonb_populate_recordset(null::${name}, $1)`,
      [JSON.stringify(rows)],
    );
  }
  await owner.query('commit');
}

function checksum(rows: readonly Row[]): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}
