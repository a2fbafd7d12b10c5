import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type Database, type Db } from '../../src/db/database.ts';
import { noScope } from '../../src/db/scope.ts';
import { listApiKeys } from '../../src/domains/api-keys/queries.ts';
import { countInvitations } from '../../src/domains/invitations/queries.ts';
import { listTenantIdsOf } from '../../src/domains/memberships/queries.ts';
import { findRolePermissions } from '../../src/domains/tenants/queries/settings.ts';
import { countTenants } from '../../src/domains/tenants/queries.ts';
import { countUsers, findUserByEmail, listUsers } from '../../src/domains/users/queries.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { createTestTenant, type TestTenant } from './row-security/tenants.ts';

// Decision 053: Prisma's typed client merges some calls of one turn, and must not do so across scopes.

let db: Database;
let tenants: TestTenant[];

beforeAll(async () => {
  const { ownerUrl, appUrl, drop } = await createTestDatabase();
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  tenants = [await createTestTenant(owner, 'home'), await createTestTenant(owner, 'foreign')];
  for (const { id, ownerId, name } of tenants) {
    await owner.query(
      `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
       values ($1, $2, 'Key', sha256($3::bytea), 'hint', '{tenant:read}', now() + interval '1 day')`,
      [id, ownerId, name],
    );
    await owner.query(
      `insert into invitations (tenant_id, email, token_hash, expires_at)
       values ($1, 'invited@' || $2 || '.example', sha256($2::bytea), now() + interval '1 day')`,
      [id, name],
    );
  }
  await owner.end();
  db = createDatabase({
    url: appUrl,
    poolSize: 2,
    acquireTimeoutMs: 5_000,
    statementTimeoutMs: 5_000,
    queryTimeoutMs: 10_000,
    connectionMaxAgeSeconds: 60,
  });
  return async () => {
    await db.close();
    await drop();
  };
});

const page = { size: 50, isBackward: false, after: null, before: null, binding: '' };
const order = { field: 'email', isDescending: false } as const;

/** Each typed read, of the rows of one tenant. */
const reads: [name: string, read: (db: Db, of: TestTenant) => Promise<unknown>][] = [
  ['a list of API keys', async (db, { id }) => (await listApiKeys(db, id, page)).length],
  ['a count of invitations', (db, { id }) => countInvitations(db, id)],
  ['the permissions of a role', (db, { id }) => findRolePermissions(db, id, 'billing')],
  ['a user by e-mail address', (db, { name }) => findUserByEmail(db, `colleague@${name}.example`)],
  [
    'a list of users',
    async (db, { name }) => {
      const users = await listUsers(db, page, order, null);
      return users.filter(({ email }) => email.endsWith(`@${name}.example`)).length;
    },
  ],
  ['the tenants of a user', async (db, { ownerId }) => (await listTenantIdsOf(db, ownerId)).length],
];

const readAs = <T>(of: TestTenant, read: (db: Db) => Promise<T>) =>
  db.read({ ...noScope, userId: of.ownerId, tenantId: of.id }, read);

describe('a typed read in the same turn as one of another tenant', () => {
  test.each(reads)('finds its own rows: %s', async (_name, read) => {
    const found = await Promise.all(tenants.map((own) => readAs(own, (db) => read(db, own))));
    expect(found.map(Boolean)).toEqual([true, true]);
  });

  test.each(reads)('finds no rows of the other: %s', async (_name, read) => {
    const others = tenants.toReversed();
    const found = await Promise.all(
      tenants.map((own, at) => readAs(own, (db) => read(db, others[at] ?? own))),
    );
    expect(found.map((value) => value || null)).toEqual([null, null]);
  });

  test.each([
    ['users', countUsers, 2],
    ['tenants', countTenants, 1],
  ])('counts only the %s of its own tenant', async (_name, count, expected) => {
    const found = await Promise.all(tenants.map((own) => readAs(own, count)));
    expect(found).toEqual([expected, expected]);
  });
});
