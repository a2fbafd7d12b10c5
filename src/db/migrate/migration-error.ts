/**
 * Why a migration could not be applied:
 * `pending` some are not applied, and this command applies none · `changed` an applied file was edited ·
 * `unknown` the database has one we have no file for, because a newer version migrated it ·
 * `not_empty` the database holds somebody else's tables and was never migrated ·
 * `invalid_file` a file breaks the rules of migrations/ · `failed` its SQL raised an error ·
 * `roles` the roles of the database are not as they must be, and this owner may not make them so ·
 * `busy` others held the lock or the tables for too long · `server_too_old` ·
 * `read_only` the server is a standby, or takes no changes by its settings.
 */
export type MigrationErrorCode =
  | 'pending'
  | 'changed'
  | 'unknown'
  | 'not_empty'
  | 'invalid_file'
  | 'failed'
  | 'busy'
  | 'roles'
  | 'server_too_old'
  | 'read_only';

/** The database is not at this program's version. The message says which file and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
