import pg from 'pg';
import { listScopeValues, type Scope } from './scope.ts';

/** Prepared once per connection; a scoped statement only binds and executes it. */
export const enterScopeStatement = {
  name: 'enter_scope',
  text: 'select enter_scope($1::uuid, $2::uuid, $3::boolean, $4::uuid, $5::uuid)',
  values: [null, null, false, null, null],
};

/** The parts of pg's Query and Connection that are missing in its types. */
type WireConnection = {
  stream: { cork(): void; uncork(): void };
  bind(message: { statement: string; values: (string | null)[] }): void;
  execute(message: object): void;
};
type WireQuery = {
  submit(connection: WireConnection): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: WireConnection): void;
};
type WireQueryConstructor = new (
  config: pg.QueryConfig & { queryMode: 'extended' },
  callback: (error: Error | null, result: pg.QueryArrayResult) => void,
) => WireQuery;
const Query = pg.Query as unknown as WireQueryConstructor;

/**
 * A statement that enters its scope first: `enter_scope()` and the statement are sent together, before a single Sync.
 * PostgreSQL runs all messages before a Sync as one transaction, so
 *  - the scope ends with the statement and does not stay on a pooled connection,
 *  - if entering fails, the statement is skipped (fails closed),
 *  - there is one round trip instead of four (begin, set_config, statement, commit),
 *  - a transaction pooler keeps both on one connection.
 * Protocol: https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class ScopedQuery extends Query {
  readonly #scope: Scope;
  #hasEntered = false;

  constructor(
    scope: Scope,
    config: pg.QueryConfig,
    callback: (error: Error | null, result: pg.QueryArrayResult) => void,
  ) {
    super({ ...config, queryMode: 'extended' }, callback);
    this.#scope = scope;
  }

  override submit(connection: WireConnection): Error | null {
    connection.stream.cork();
    connection.bind({
      statement: enterScopeStatement.name,
      values: listScopeValues(this.#scope),
    });
    connection.execute({});
    const error = super.submit(connection);
    connection.stream.uncork();
    return error;
  }

  /** Drops the row that enter_scope() returns. */
  override handleDataRow(message: unknown): void {
    if (this.#hasEntered) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.#hasEntered) super.handleCommandComplete(message, connection);
    else this.#hasEntered = true;
  }
}

/**
 * Sends `config` on `client` within `scope`; the client must have `enterScopeStatement` prepared. If the statement is
 * `begin`, it continues the transaction of enter_scope(), and the scope lasts until that transaction ends.
 */
export function sendScoped(
  client: pg.ClientBase,
  scope: Scope,
  config: pg.QueryConfig,
): Promise<pg.QueryArrayResult> {
  return new Promise((resolve, reject) => {
    const query = new ScopedQuery(scope, config, (error, result) =>
      error ? reject(error) : resolve(result),
    );
    client.query(query as unknown as pg.Submittable);
  });
}
