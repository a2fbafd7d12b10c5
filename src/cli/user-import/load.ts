import type { AuditAction } from '../../core/audit.ts';
import type { CopyRow } from '../../db/copy.ts';
import type { Operator } from '../../db/operator.ts';
import type { UserRow } from './check-row.ts';
import { addMembers, findTenants } from './load-members.ts';

/** A checked row and its number in the file. */
export type NumberedRow = UserRow & { number: number };

/** Result for a checked row. */
export type StoredOutcome = {
  number: number;
  outcome: 'created' | 'updated' | 'skipped' | 'invalid';
  field: string | null;
  reason: string | null;
};

/** COPY cannot write to tables with row security, so rows go through a temporary table. */
const stagingSql = `
  create temp table import_rows (
    number integer, email text, name text, locale text, avatar_url text, metadata jsonb,
    is_email_verified boolean, status text, password_hash text, created_at timestamptz,
    tenant_slug text, role_keys jsonb,
    tenant_id uuid, role_ids uuid[], user_id uuid, field text, fault text,
    is_created boolean not null default false, is_updated boolean not null default false);
  -- The search indexes take their entries by the hundred thousand and not by the thousand.
  set gin_pending_list_limit = '16MB';
  set work_mem = '64MB'`;

const usersImported: AuditAction = 'users.imported';

/** Prepares the connection, once. */
export async function prepareImport(operator: Operator): Promise<void> {
  await operator.query(stagingSql);
}

export type LoadOptions = {
  /** Identifies the import in the audit log. */
  runId: string;
  /** Rows update the profile of existing users, but never password, status or address. */
  isUpdate: boolean;
  /** Rolls everything back at the end. */
  isDryRun: boolean;
};

/**
 * Stores a batch and its audit log entries in one transaction, and returns the outcome of each row in order. Users are
 * identified by their address. Throws what the database throws.
 */
export async function loadBatch(
  operator: Operator,
  rows: readonly NumberedRow[],
  { runId, isUpdate, isDryRun }: LoadOptions,
): Promise<StoredOutcome[]> {
  await operator.query('truncate import_rows');
  await operator.copy(
    `import_rows (number, email, name, locale, avatar_url, metadata, is_email_verified, status,
       password_hash, created_at, tenant_slug, role_keys)`,
    rows.map(toCopyRow),
  );
  const hasTenants = rows.some(({ tenantSlug }) => tenantSlug !== null);
  return operator.transaction(async () => {
    await operator.query('savepoint before_batch');
    if (hasTenants) await findTenants(operator);
    await operator.query(insertUsersSql);
    if (hasTenants || isUpdate) await operator.query(findUsersSql);
    if (isUpdate) await operator.query(updateUsersSql);
    if (hasTenants) await addMembers(operator, runId);
    await operator.query(recordUsersSql, [runId, usersImported]);
    const outcomes = await operator.query<StoredOutcome>(outcomesSql);
    if (isDryRun) await operator.query('rollback to savepoint before_batch');
    return outcomes;
  });
}

/** Updates planner statistics, search indexes and visibility maps. */
export async function vacuumAfterImport(operator: Operator): Promise<void> {
  await operator.asOwner(['vacuum (analyze) users, password_credentials']);
}

/** Ids follow the time of signing up, because lists are in id order. */
const insertUsersSql = `
  with chosen as materialized (
    select * from import_rows c where c.number in (
      select min(number) from import_rows where fault is null group by email)
    order by c.number
  ), made as (
    insert into users (id, email, name, locale, avatar_url, status, metadata, email_verified_at, created_at)
    select case when created_at is null then uuidv7() else uuidv7(created_at - clock_timestamp()) end,
      email, name, locale, avatar_url, status, coalesce(metadata, '{}'),
      case when is_email_verified then coalesce(created_at, now()) end, coalesce(created_at, now())
    from chosen c
    where not exists (select from users u where u.email = c.email)
    -- A concurrent sign-up may use the same address.
    on conflict (email) do nothing
    returning id, email
  ), kept as (
    insert into password_credentials (user_id, password_hash)
    select m.id, c.password_hash from made m join chosen c on c.email = m.email
    where c.password_hash is not null
  )
  update import_rows i set is_created = true
  from made m join chosen c on c.email = m.email where i.number = c.number`;

const findUsersSql = `
  update import_rows i set user_id = u.id from users u where u.email = i.email and i.fault is null`;

const updateUsersSql = `
  with chosen as materialized (
    select distinct on (user_id) * from import_rows
    where user_id is not null and not is_created order by user_id, number
  ), changed as (
    update users u set
      name = coalesce(c.name, u.name), locale = coalesce(c.locale, u.locale),
      avatar_url = coalesce(c.avatar_url, u.avatar_url),
      metadata = coalesce(c.metadata, u.metadata), updated_at = now()
    from chosen c
    where u.id = c.user_id and (
      u.name is distinct from coalesce(c.name, u.name)
      or u.locale is distinct from coalesce(c.locale, u.locale)
      or u.avatar_url is distinct from coalesce(c.avatar_url, u.avatar_url)
      or u.metadata is distinct from coalesce(c.metadata, u.metadata))
    returning c.number
  )
  update import_rows i set is_updated = true from changed c where i.number = c.number`;

/** One entry for the batch, in the chain of the run: see docs/decisions/022-user-import.md. */
const recordUsersSql = `
  select append_audit_event(null, $1, $2, null, null, jsonb_build_object(
    'created', jsonb_build_array(null, c.created),
    'updated', jsonb_build_array(null, c.updated)), null, null)::text
  from (
    select count(*) filter (where is_created) as created,
      count(*) filter (where is_updated and not is_created) as updated
    from import_rows
  ) c
  where c.created + c.updated > 0`;

const outcomesSql = `
  select number, field, coalesce(fault, case
      when not is_created and not is_updated then 'is there already' end) as reason,
    case when fault is not null then 'invalid' when is_created then 'created'
      when is_updated then 'updated' else 'skipped' end as outcome
  from import_rows order by number`;

function toCopyRow(row: NumberedRow): CopyRow {
  return [
    row.number,
    row.email,
    row.name,
    row.locale,
    row.avatarUrl,
    row.metadata,
    row.isEmailVerified,
    row.status,
    row.passwordHash,
    row.createdAt,
    row.tenantSlug,
    JSON.stringify(row.roleKeys),
  ];
}
