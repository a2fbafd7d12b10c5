import pg from 'pg';
import { fillRoles } from '../../../src/db/roles.ts';
import { createTestDatabase } from '../../support/cluster.ts';
import { rolesOf } from '../../support/serving.ts';
import { createTestTenant, type TestTenant } from './tenants.ts';

/** Two tenants, the owner of the database, and the serving login, used with plain SQL. */
export type Setup = {
  owner: pg.Client;
  app: pg.Client;
  home: TestTenant;
  foreign: TestTenant;
  /** Begins a transaction of the login and enters a scope; the test rolls it back. */
  begin: (actor: string | null, tenant: string | null, platform?: boolean) => Promise<void>;
  /** Runs a statement as the login and returns its first column. */
  list: (sql: string) => Promise<unknown[]>;
  /**
   * The rows of a statement in a scope, after a statement of the owner (`arrange`), in one transaction
   * that is rolled back. Both statements are passed through `fill`.
   */
  readAs: (arrange: string, scope: ScopeArguments, sql: string) => Promise<unknown[]>;
  /** Replaces `$home`, `$stranger` and other placeholders by ids, and role names by those of this database. */
  fill: (sql: string) => string;
  close: () => Promise<void>;
};

/** The arguments of enter_scope(). */
export type ScopeArguments = [actor: string, tenant: string | null, platform: boolean];

/** Creates a database with two tenants; the caller closes it. */
export async function createSetup(): Promise<Setup> {
  const { ownerUrl, appUrl, drop } = await createTestDatabase();
  const owner = new pg.Client({ connectionString: ownerUrl });
  const app = new pg.Client({ connectionString: appUrl });
  await owner.connect();
  await app.connect();
  const home = await createTestTenant(owner, 'home');
  const foreign = await createTestTenant(owner, 'foreign');
  const fillIds = createFill(home, foreign);
  const roles = rolesOf(ownerUrl);
  const fill = (sql: string) => fillRoles(fillIds(sql), roles);
  return {
    owner,
    app,
    home,
    foreign,
    fill,
    async begin(actor, tenant, platform = false) {
      await app.query('begin');
      await app.query('select enter_scope($1, $2, $3)', [actor, tenant, platform]);
    },
    async list(sql) {
      const { rows } = await app.query(sql);
      return rows.map((row) => Object.values(row)[0]);
    },
    async readAs(arrange, scope, sql) {
      await owner.query('begin');
      try {
        await owner.query(fill(arrange));
        await owner.query(fill('set local role tenantry_app'));
        await owner.query('select enter_scope($1, $2, $3)', scope);
        const { rows } = await owner.query(fill(sql));
        return rows;
      } finally {
        await owner.query('rollback');
      }
    },
    async close() {
      await owner.end();
      await app.end();
      await drop();
    },
  };
}

function createFill(home: TestTenant, foreign: TestTenant): Setup['fill'] {
  const values: Record<string, string> = {
    $home: home.id,
    $foreign: foreign.id,
    $actor: home.ownerId,
    $colleague: home.colleagueId,
    $stranger: foreign.ownerId,
    $membership: home.membershipId,
    $foreignMembership: foreign.membershipId,
    $role: home.roleId,
    $foreignRole: foreign.roleId,
  };
  return (sql) =>
    sql.replace(/\$[a-zA-Z]+/g, (name) => (values[name] ? `'${values[name]}'` : name));
}
