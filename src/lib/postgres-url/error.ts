/** An unsupported URL. The message follows the setting's name: "must not have …: write …". */
export class PostgresUrlError extends Error {
  override readonly name = 'PostgresUrlError';
}
