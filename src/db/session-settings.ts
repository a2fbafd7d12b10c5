import type pg from 'pg';

/** Values by the name of a PostgreSQL setting, as in pg_settings; times in ms. */
export type SessionSettings = Readonly<Record<string, string>>;

/**
 * Every setting whose default on the server, the database or the role changes results or guarantees, with the value
 * that this program relies on. Serving connections get them from their role (serving/settings.ts), the owner's
 * connections by statements (applySessionSettings). Left out on purpose: costs, memory and the planner's enable_*
 * switches, which change durations but no results, and lc_messages, because no code parses messages.
 * Source: https://www.postgresql.org/docs/18/runtime-config-client.html and the pages beside it.
 */
export const sessionSettings: SessionSettings = {
  // Text format of values. Prisma reads every timestamp as UTC.
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  client_encoding: 'UTF8',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  xmlbinary: 'base64',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  // Meaning of a statement, and the rows that it finds.
  search_path: 'public, pg_temp',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  row_security: 'on',
  gin_fuzzy_search_limit: '0',
  restrict_nonsystem_relation_kind: '',
  // Other values turn off triggers and foreign keys. Only a superuser can set it.
  session_replication_role: 'origin',
  // Guarantees of a transaction.
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  // When PostgreSQL ends a session or a transaction.
  exit_on_error: 'off',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // Statements take milliseconds; compiling one takes longer. Plans were measured with `auto`.
  jit: 'off',
  plan_cache_mode: 'auto',
  // Only enter_scope() writes these. A default would put every connection into one user's scope.
  'tenantry.user_id': '',
  'tenantry.tenant_id': '',
  'tenantry.platform': '',
  'tenantry.api_key_id': '',
  'tenantry.impersonator_id': '',
};

/** Ends abandoned transactions, which hold locks. Normal ones take milliseconds. */
const idleInTransactionMs = 10_000;

/** PostgreSQL's time limits of a serving connection. A lock wait times out first, as "busy". Pure. */
export function listTimeouts(statementTimeoutMs: number): SessionSettings {
  return {
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(Math.max(1, Math.floor(statementTimeoutMs * (2 / 3)))),
    idle_in_transaction_session_timeout: String(idleInTransactionMs),
  };
}

/** For commands and migrations, which may take any time. */
const noTimeouts: SessionSettings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** For read-only connections: a statement that writes fails. */
export const readOnly: SessionSettings = { default_transaction_read_only: 'on' };

/**
 * Applies the session settings without time limits, overridden by `special`, as far as this login may set them. For
 * connections without a pooler only. Skips settings that the server does not know; custom ones ("tenantry.") are unset
 * until written.
 */
export async function applySessionSettings(
  client: pg.ClientBase,
  special: SessionSettings = {},
): Promise<void> {
  const settings = { ...sessionSettings, ...noTimeouts, ...special };
  await client.query(
    `select set_config(w.name, w.value, false)
     from unnest($1::text[], $2::text[]) w (name, value)
     left join pg_settings s on lower(s.name) = w.name
     where coalesce(s.setting, current_setting(w.name, true), '') <> w.value
       and (s.name is not null or w.name like '%.%')
       and (s.name is null or s.context = 'user' or has_parameter_privilege(w.name, 'set'))`,
    [Object.keys(settings), Object.values(settings)],
  );
}
