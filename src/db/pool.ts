import pg from 'pg';
import { toClientConfig } from './connection/client-config.ts';
import { appRoleSql } from './roles.ts';
import { getScope } from './scope.ts';
import { enterScopeStatement, sendScoped } from './scoped-query.ts';
import { applySessionSettings, listTimeouts, readOnly } from './session-settings.ts';

/** Size and time limits of the pool. */
export type PoolSettings = {
  url: string;
  poolSize: number;
  acquireTimeoutMs: number;
  statementTimeoutMs: number;
  queryTimeoutMs: number;
  connectionMaxAgeSeconds: number;
  /** For a command, which connects directly as the owner: assumes the serving role. */
  actsAsServer?: boolean;
  /** For a read-only command: a statement that writes fails. With `actsAsServer` only. */
  isReadOnly?: boolean;
};

/** Transaction status of a pg client, missing in its types: I idle, T in a transaction, E in a failed one. */
type TransactionAware = pg.PoolClient & { getTransactionStatus(): 'I' | 'T' | 'E' | null };

/** read_only_sql_transaction: PostgreSQL's list of error codes. From a standby, or a primary that was replaced. */
const readOnlyCode = '25006';

/** Connections are renewed at most this often, because a server may stay read-only. */
const renewEveryMs = 1_000;

/** The server's error event that pg emits; missing in its types. */
type ErrorSource = {
  connection: { on(event: 'errorMessage', listener: (error: { code?: string }) => void): void };
};

/** Enters the scope together with a transaction's BEGIN, which Prisma's adapter sends. */
class ScopedClient extends pg.Client {
  readonly openedAt = performance.now();

  override query = ((config: pg.QueryConfig, ...rest: []) => {
    // A query with `submit` comes from sendScoped, which calls this method as well.
    const isBegin = config.text === 'BEGIN' && !('submit' in config);
    const scope = isBegin ? getScope() : null;
    return scope ? sendScoped(this, scope, config) : super.query(config, ...rest);
  }) as pg.Client['query'];
}

/** Called with each statement outside a transaction, before it waits for a connection. Tests count with it. */
export type StatementObserver = (text: string) => void;

/**
 * A bounded pool whose statements enter the scope they are called in (scope.ts). Waiting for a connection ends after
 * `acquireTimeoutMs`. A connection is replaced at its maximum age; all are replaced if one turns out to be read-only,
 * because after a failover the same address leads to another server.
 */
export class ScopedPool extends pg.Pool {
  readonly #observe: StatementObserver | undefined;
  /** Connections opened before this time are no longer used; by performance.now(). */
  #renewedAt = 0;

  constructor(settings: PoolSettings, observe?: StatementObserver) {
    super({
      Client: ScopedClient,
      application_name: 'tenantry',
      keepAlive: true,
      ...toClientConfig(settings.url),
      max: settings.poolSize,
      min: 1,
      connectionTimeoutMillis: settings.acquireTimeoutMs,
      // PostgreSQL's time limits are settings of the login (serving/settings.ts), because poolers reject them here.
      query_timeout: settings.queryTimeoutMs,
      // Opening a connection costs many times a statement, so the next burst should find connections already open.
      idleTimeoutMillis: 600_000,
      maxLifetimeSeconds: settings.connectionMaxAgeSeconds,
      onConnect: async (client) => {
        // The pool handles errors of idle connections only; one that is lost between two statements of a
        // transaction would end the process. Its next statement or its release reports the error.
        client.on('error', () => {});
        (client as unknown as ErrorSource).connection.on('errorMessage', ({ code }) => {
          if (code === readOnlyCode) this.renew();
        });
        if (settings.actsAsServer) {
          const timeouts = listTimeouts(settings.statementTimeoutMs);
          const special = settings.isReadOnly ? { ...timeouts, ...readOnly } : timeouts;
          await applySessionSettings(client, special);
          await client.query(`select set_config('role', ${appRoleSql}, false)`);
        }
        await client.query(enterScopeStatement);
      },
    } as pg.PoolConfig);
    this.#observe = observe;
    // A client that is released inside a transaction (its rollback was never sent) would pass the
    // transaction and its scope on to the next caller, so it is closed.
    this.on('release', (_error, client) => {
      const isInTransaction = (client as TransactionAware).getTransactionStatus() !== 'I';
      if (isInTransaction || this.#isOutdated(client)) void client.end();
    });
    // A lost idle connection is replaced; the next statement reports a lasting error.
    this.on('error', () => {});
  }

  // The one of pg's overloads that Prisma's adapter calls outside a transaction.
  override query = ((config: pg.QueryConfig) => this.#send(config)) as pg.Pool['query'];

  /**
   * Keeps connections whose statement the server rejected. Prisma's adapter discards every connection whose BEGIN failed,
   * so a locked table would empty the pool.
   */
  override connect = (async () => {
    let client = await super.connect();
    while (this.#isOutdated(client)) {
      client.release(true);
      client = await super.connect();
    }
    const { release } = client;
    client.release = (error) => release(isStatementError(error) ? undefined : error);
    return client;
  }) as pg.Pool['connect'];

  /** Replaces each open connection before its next use. */
  renew(): void {
    const now = performance.now();
    if (now - this.#renewedAt >= renewEveryMs) this.#renewedAt = now;
  }

  #isOutdated(client: pg.PoolClient): boolean {
    return (client as unknown as ScopedClient).openedAt < this.#renewedAt;
  }

  async #send(config: pg.QueryConfig): Promise<pg.QueryArrayResult> {
    const scope = getScope();
    if (scope) this.#observe?.(enterScopeStatement.text);
    this.#observe?.(config.text);
    const client = await this.connect();
    let failure: Error | undefined;
    try {
      return await (scope
        ? sendScoped(client, scope, config)
        : (client.query(config) as unknown as Promise<pg.QueryArrayResult>));
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      client.release(failure);
    }
  }
}

/** SQLSTATEs with which PostgreSQL ends the session. The severity text ("FATAL") depends on lc_messages. */
const endingStates = /^(?:08|28|53300|57P|25P03|25P04|XX)/;

/** True if PostgreSQL rejected a statement and the connection is still usable. */
function isStatementError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return [error, error.cause].some((layer) => {
    const { severity, code } = (layer ?? {}) as Partial<pg.DatabaseError>;
    return severity !== undefined && code !== undefined && !endingStates.test(code);
  });
}
