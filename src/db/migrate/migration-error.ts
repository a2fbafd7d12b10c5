/**
 * Why a migration could not be applied:
 * `pending` migrations are pending, and this command does not apply them · `changed` an applied file was edited ·
 * `unknown` a newer version migrated the database · `not_empty` it has tables of another program and was never
 * migrated · `invalid_file` a file breaks the rules of migrations/ · `failed` its SQL failed ·
 * `roles` the roles of the database are wrong, and this owner has no permission to change them ·
 * `busy` the lock or a table was held for too long · `server_too_old` · `read_only` a standby, or a read-only server.
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
