import pg from 'pg';
import { fillRoles } from '../../../src/db/roles.ts';
import { createTestDatabase } from '../../support/cluster.ts';
import { rolesOf } from '../../support/serving.ts';
import { createHouse, type House } from './houses.ts';

/** Two tenants, the owner of the database, and the serving login with no code of ours before it. */
export type Stage = {
  owner: pg.Client;
  app: pg.Client;
  home: House;
  foreign: House;
  /** As the login: enters a scope in a transaction that the test takes back. */
  begin: (actor: string | null, tenant: string | null, platform?: boolean) => Promise<void>;
  /** As the login: the first column of what a statement answers. */
  list: (sql: string) => Promise<unknown[]>;
  /**
   * The rows of a statement as the login sees them in a scope, after the owner arranged something;
   * all of it in one transaction that is taken back. The arranging may name `$home`, `$stranger` and
   * the other things of `fill`.
   */
  peek: (arrange: string, scope: ScopeArguments, sql: string) => Promise<unknown[]>;
  /** Puts the ids of both tenants, and the roles of this database, into a statement. */
  fill: (sql: string) => string;
  close: () => Promise<void>;
};

/** What enter_scope() takes. */
export type ScopeArguments = [actor: string, tenant: string | null, platform: boolean];

/** A database of its own with two tenants; close it in the end. */
export async function openStage(): Promise<Stage> {
  const { ownerUrl, appUrl, drop } = await createTestDatabase();
  const owner = new pg.Client({ connectionString: ownerUrl });
  const app = new pg.Client({ connectionString: appUrl });
  await owner.connect();
  await app.connect();
  const home = await createHouse(owner, 'home');
  const foreign = await createHouse(owner, 'foreign');
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
    async peek(arrange, scope, sql) {
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

function createFill(home: House, foreign: House): Stage['fill'] {
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
