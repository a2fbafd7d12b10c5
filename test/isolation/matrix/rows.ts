import { createHash } from 'node:crypto';
import type pg from 'pg';
import { settleResets } from '../../support/mail.ts';
import { type House, houses } from './callers.ts';
import type { World } from './world.ts';

/** Tables whose rows are nobody's: the same for all tenants, or about no tenant. */
const nobodys: readonly string[] = [
  'built_in_roles',
  'sign_in_budgets',
  'mail_outbox',
  'password_reset_requests',
];

/** Counted by the server in the background, no matter who calls: neither compared nor put back. */
const counters: readonly string[] = ['sign_in_failures', 'user_activity'];

type Row = { table: string; row: Record<string, unknown> };

/** Everything in the database, to be compared and put back. */
export type Snapshot = {
  rows: readonly Row[];
  /** SHA-256 of all rows that are a tenant's, or its people's. */
  checksums: Record<House, string>;
  /** The same of everything but what an error leaves behind: its count, and an entry in the caller's own tenant. */
  checksum: string;
};

/** Reads all tables, and puts them back. As the owner, whom row security does not bind. */
export type Vault = { take: () => Promise<Snapshot>; restore: (to: Snapshot) => Promise<void> };

/** Every table must be a tenant's or a person's, or be listed above: a new one fails here. */
export async function openVault(owner: pg.Client, world: World): Promise<Vault> {
  const tables = await listTables(owner);
  const selects = tables.map(
    ({ name }) =>
      `select '${name}' as "table", to_jsonb(t) - 'last_seen_at' - 'last_used_at' as row from ${name} t`,
  );
  const read = `${selects.join(' union all ')} order by 1, 2`;
  const houseByTenant = new Map(houses.map((house) => [world.things[house].tenantUuid, house]));
  const { rows: members } = await owner.query<{ user_id: string; tenant_id: string }>(
    // The first tenant that somebody joined: a colleague is of `home` and only visits `third`.
    'select user_id, tenant_id from user_tenants order by joined_at desc, id desc',
  );
  const houseByUser = new Map(
    members.map(({ user_id, tenant_id }) => [user_id, houseByTenant.get(tenant_id)]),
  );
  const findHouse = ({ row }: Row) => {
    const id = String(row.tenant_id ?? row.chain_id ?? row.user_id ?? row.id);
    return houseByTenant.get(id) ?? houseByUser.get(id);
  };
  return {
    async take() {
      await settleResets({ owner });
      const { rows } = await owner.query<Row>(read);
      const own = Map.groupBy(rows, (row) => (nobodys.includes(row.table) ? null : findHouse(row)));
      const sums = houses.map((house) => [house, checksum(own.get(house) ?? [])]);
      return {
        rows,
        checksums: Object.fromEntries(sums),
        checksum: checksum(rows.filter((row) => !isOfRejection(row))),
      };
    },
    restore: (to) => restore(owner, tables, to),
  };
}

/** The head of a chain moves with each entry of it, and other entries are compared. */
function isOfRejection({ table, row }: Row): boolean {
  if (table === 'audit_events') return row.action === 'access.denied';
  return table === 'sign_in_budgets' || table === 'audit_heads';
}

/** Leaves only the checks of the services, and the rights on tables and columns. */
export async function disableRowSecurity(owner: pg.Client): Promise<void> {
  for (const { name } of await listTables(owner)) {
    await owner.query(`alter table ${name} disable row level security`);
  }
}

type Table = { name: string; columns: string[] };

async function listTables(owner: pg.Client): Promise<Table[]> {
  const { rows } = await owner.query<Table & { isSomebodys: boolean }>(`
    select c.relname as name,
      array_agg(a.attname::text) filter (where a.attgenerated = '') as columns,
      c.relname in ('tenants', 'users')
        or bool_or(a.attname in ('tenant_id', 'user_id', 'chain_id')) as "isSomebodys"
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and c.relname <> '_prisma_migrations'
    group by 1, c.relname order by 1`);
  const watched = rows.filter(({ name }) => !counters.includes(name));
  const unknown = watched.find(({ name, isSomebodys }) => !isSomebodys && !nobodys.includes(name));
  if (!unknown) return watched;
  throw new Error(
    `Whose are the rows of "${unknown.name}"? It has no tenant_id, user_id or chain_id: ` +
      'say in test/isolation/matrix/rows.ts.',
  );
}

async function restore(owner: pg.Client, tables: readonly Table[], to: Snapshot): Promise<void> {
  await owner.query('begin');
  // Neither triggers nor foreign keys: the rows come back exactly as they were.
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
