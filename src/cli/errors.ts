import { readOnlyDatabase } from '../db/connection/explain-connection.ts';
import { findSqlState } from '../db/error-map.ts';

/** The command line is invalid; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command failed; the message is one sentence for the user. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Errors whose message is written for the user. By name, so that `--help` does not load their modules. */
const clearErrors: ReadonlySet<string> = new Set([
  'AppRoleError',
  'CommandError',
  'ConfigError',
  'ConflictError',
  'ConnectionError',
  'EmbeddedError',
  'InvalidInputError',
  'MigrationError',
  'PoolerError',
  'PortTakenError',
  'ReplaceError',
  'UsageError',
  'WorkerError',
]);

/**
 * The exit code of a failed command: 2 invalid command line · 3 the database is at another version · 1 otherwise.
 */
export function getExitCode(error: unknown): 1 | 2 | 3 {
  if (error instanceof UsageError) return 2;
  const isMigration = error instanceof Error && error.name === 'MigrationError';
  const code = isMigration && 'code' in error ? error.code : null;
  return code === 'pending' || code === 'unknown' ? 3 : 1;
}

/** The line to print for an error without its stack, or null for a bug. */
export function findClearMessage(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // read_only_sql_transaction: a standby, or a setting of the database.
  if (findSqlState(error) === '25006') return readOnlyDatabase;
  if (clearErrors.has(error.name)) return error.message;
  const syscall = 'syscall' in error ? error.syscall : null;
  if (syscall === 'listen')
    return `cannot listen: ${error.message} (look at HOST and PORT, METRICS_HOST and METRICS_PORT)`;
  // Node does not say where the name comes from.
  if (syscall === 'getaddrinfo') {
    return `a host was not found: ${error.message} (look at HOST and DATABASE_URL)`;
  }
  return findConnectionMessage(error);
}

/** Error codes of Node and PostgreSQL for a server that is down or rejects the connection. */
const connectionCodes =
  /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|28000|28P01|3D000|08P01|53300|57P0[123])$/;

function findConnectionMessage(error: Error): string | null {
  const code = 'code' in error ? String(error.code) : '';
  const isTimeout = /timeout expired|Connection terminated/.test(error.message);
  if (!connectionCodes.test(code) && !isTimeout) return null;
  // Where several addresses were tried, Node puts the reasons inside and leaves the message empty.
  const inner = error instanceof AggregateError ? error.errors[0] : null;
  const reason = error.message || (inner instanceof Error ? inner.message : code);
  return `the database cannot be used: ${reason} (look at DATABASE_URL)`;
}
