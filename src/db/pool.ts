import pg from 'pg';
import { toClientConfig } from './connection/client-config.ts';
import { appRoleSql } from './roles.ts';
import { getScope } from './scope.ts';
import { enterScopeStatement, sendScoped } from './scoped-query.ts';
import { applySessionSettings, listTimeouts, readOnly } from './session-settings.ts';

/** How many connections there may be, and how long anything may take. */
export type PoolSettings = {
  url: string;
  poolSize: number;
  acquireTimeoutMs: number;
  statementTimeoutMs: number;
  queryTimeoutMs: number;
  connectionMaxAgeSeconds: number;
  /** For a command, whose url is the owner's and leads through no pooler: has the rights of the server. */
  actsAsServer?: boolean;
  /** For a command that only looks: a statement that writes fails. With `actsAsServer` only. */
  isReadOnly?: boolean;
};

/** Transaction status of a pg client, missing in its types: I idle, T in a transaction, E in a failed one. */
type TransactionAware = pg.PoolClient & { getTransactionStatus(): 'I' | 'T' | 'E' | null };

/** read_only_sql_transaction: PostgreSQL's list of error codes. A standby says so, and a primary that was replaced. */
const readOnlyCode = '25006';

/** Connections are renewed at most this often: a server that stays read-only would have them opened all the time. */
const renewEveryMs = 1_000;

/** The error of the server that pg emits; missing in its types. */
type ErrorSource = {
  connection: { on(event: 'errorMessage', listener: (error: { code?: string }) => void): void };
};

/** Enters the scope of a transaction on the way of its beginning, which Prisma's adapter sends by itself. */
class ScopedClient extends pg.Client {
  readonly openedAt = performance.now();

  override query = ((config: pg.QueryConfig, ...rest: []) => {
    // What has `submit` is a query of sendScoped, which comes by here as well.
    const isBeginning = config.text === 'BEGIN' && !('submit' in config);
    const scope = isBeginning ? getScope() : null;
    return scope ? sendScoped(this, scope, config) : super.query(config, ...rest);
  }) as pg.Client['query'];
}

/** Called with each statement outside a transaction, before it waits for a connection: what tests count. */
export type StatementObserver = (text: string) => void;

/**
 * A bounded pool whose statements enter the scope they are called in (see scope.ts). Waiting for a
 * connection ends after `acquireTimeoutMs`; a connection is replaced at its maximum age, and all of them where one
 * turns out to be of no use for writing: after a switch-over the same address leads to another server.
 */
export class ScopedPool extends pg.Pool {
  readonly #observe: StatementObserver | undefined;
  /** Connections that were opened before are not used any more; by performance.now(). */
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
      // The time limits in PostgreSQL are settings of the login (serving-settings.ts): poolers reject them here.
      query_timeout: settings.queryTimeoutMs,
      // Opening one takes many times what a statement does, and most during a burst: the next burst finds connections already open.
      idleTimeoutMillis: 600_000,
      maxLifetimeSeconds: settings.connectionMaxAgeSeconds,
      onConnect: async (client) => {
        // The pool listens to idle connections only: one that is cut between two statements of a
        // transaction would end the process. Its next statement, or its release, reports it.
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
    // A client that comes back inside a transaction (its rollback never went out) would carry that
    // transaction and its scope to anyone who is next, so it serves nobody any more.
    this.on('release', (_error, client) => {
      const isInTransaction = (client as TransactionAware).getTransactionStatus() !== 'I';
      if (isInTransaction || this.#isOutdated(client)) void client.end();
    });
    // An idle connection that breaks is replaced; the next statement reports what is still wrong.
    this.on('error', () => {});
  }

  // Of pg's dozen overloads this is the one that Prisma's adapter calls outside a transaction.
  override query = ((config: pg.QueryConfig) => this.#send(config)) as pg.Pool['query'];

  /**
   * Gives back as good what a refused statement leaves as good as it was: Prisma's adapter takes every connection
   * whose BEGIN failed for broken, and a locked table would cost all of them.
   */
  override connect = (async () => {
    let client = await super.connect();
    while (this.#isOutdated(client)) {
      client.release(true);
      client = await super.connect();
    }
    const { release } = client;
    client.release = (fault) => release(isAnsweredByServer(fault) ? undefined : fault);
    return client;
  }) as pg.Pool['connect'];

  /** Has each connection that is open now replaced before its next use. */
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
    let fault: Error | undefined;
    try {
      return await (scope
        ? sendScoped(client, scope, config)
        : (client.query(config) as unknown as Promise<pg.QueryArrayResult>));
    } catch (error) {
      fault = error as Error;
      throw error;
    } finally {
      client.release(fault);
    }
  }
}

/** SQLSTATEs with which PostgreSQL ends the session. Its word for that ("FATAL") depends on lc_messages. */
const endingStates = /^(?:08|28|53300|57P|25P03|25P04|XX)/;

/** True where PostgreSQL rejected a statement and the connection is as good as before. */
function isAnsweredByServer(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false;
  return [fault, fault.cause].some((layer) => {
    const { severity, code } = (layer ?? {}) as Partial<pg.DatabaseError>;
    return severity !== undefined && code !== undefined && !endingStates.test(code);
  });
}
