import type pg from 'pg';

/** Values by the name of a PostgreSQL setting, as pg_settings shows them: times in ms. */
export type SessionSettings = Readonly<Record<string, string>>;

/**
 * Every setting with a default on the server, the database or the role that changes what is read,
 * written or promised, and the value this program relies on. Serving connections get them from their
 * role (serving-settings.ts), the owner's connections by statements (applySessionSettings).
 * Left out on purpose: costs, memory and the planner's enable_* switches, which change how long an answer
 * takes and not what it says, and lc_messages, because no code reads the words of a message.
 * Source: https://www.postgresql.org/docs/18/runtime-config-client.html and the pages beside it.
 */
export const sessionSettings: SessionSettings = {
  // How values are written as text, which is how the driver receives them. Prisma reads every moment as UTC.
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
  // How a statement is understood, and which rows it finds.
  search_path: 'public, pg_temp',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  row_security: 'on',
  gin_fuzzy_search_limit: '0',
  restrict_nonsystem_relation_kind: '',
  // Without triggers and foreign keys nothing that is written can be relied on. Only a superuser can set it.
  session_replication_role: 'origin',
  // What a transaction promises.
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  // When PostgreSQL ends a session or a transaction by itself.
  exit_on_error: 'off',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // Statements take milliseconds: compiling one takes longer. Kept plans are measured under `auto`.
  jit: 'off',
  plan_cache_mode: 'auto',
  // Only enter_scope() writes these. A default would open the scope of somebody for everybody.
  'tenantry.user_id': '',
  'tenantry.tenant_id': '',
  'tenantry.platform': '',
  'tenantry.api_key_id': '',
  'tenantry.impersonator_id': '',
};

/** A transaction that nobody continues holds its locks; ours take milliseconds. */
const idleInTransactionMs = 10_000;

/** The time limits of a serving connection in PostgreSQL. A lock wait ends first, as "busy". Pure. */
export function listTimeouts(statementTimeoutMs: number): SessionSettings {
  return {
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(Math.max(1, Math.floor(statementTimeoutMs * (2 / 3)))),
    idle_in_transaction_session_timeout: String(idleInTransactionMs),
  };
}

/** The same of a command or a migration, whose work may take as long as it takes. */
const noTimeouts: SessionSettings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** For connections that only read: a statement that writes by mistake fails. */
export const readOnly: SessionSettings = { default_transaction_read_only: 'on' };

/**
 * Sets them for the session, with `special` in place of the usual values and of no time limits, as far as this login may. Only for connections that no pooler lends out. A
 * setting that the server does not know is left out; custom ones ("tenantry.") are unset until written.
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
