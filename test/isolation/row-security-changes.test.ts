import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSetup, type Setup } from './row-security/setup.ts';
import { readAllRows } from './row-security/tenants.ts';

// The changes that the serving login can make by plain SQL.

let setup: Setup;
let before: string;

beforeAll(async () => {
  setup = await createSetup();
  return setup.close;
});

beforeEach(async () => {
  before = await readAllRows(setup.owner);
});

afterEach(async () => {
  await setup.app.query('rollback');
  await setup.app.query('reset all');
  expect(await readAllRows(setup.owner)).toBe(before);
});

describe('in the scope of one tenant', () => {
  // insufficient_privilege and foreign_key_violation: PostgreSQL's appendix of error codes.
  const denied = '42501';
  const orphaned = '23503';

  test.each<[what: string, code: string, sql: string]>([
    ['take on the definer role', denied, 'set role tenantry_definer'],
    ['take on the owner role', denied, 'set role postgres'],
    ['sign in as the owner', denied, 'set session authorization postgres'],
    ['disable row security', denied, 'set row_security = off; select id from tenants'],
    ['move a role to another tenant', denied, 'update roles set tenant_id = $foreign'],
    ['move a membership to another tenant', denied, 'update user_tenants set tenant_id = $foreign'],
    [
      'move a role assignment to another tenant',
      denied,
      'update membership_roles set tenant_id = $foreign',
    ],
    ['move a session to another tenant', denied, 'update sessions set tenant_id = $foreign'],
    ['assign a membership to another user', denied, 'update user_tenants set user_id = $stranger'],
    [
      'add a member',
      denied,
      'insert into user_tenants (tenant_id, user_id) values ($home, $stranger)',
    ],
    [
      'add a role',
      denied,
      `insert into roles (tenant_id, key, name, permissions) values ($foreign, 'x', 'x', '{}')`,
    ],
    [
      'assign a role of another tenant',
      orphaned,
      `insert into membership_roles (tenant_id, membership_id, role_id)
       values ($home, $membership, $foreignRole)`,
    ],
    [
      'assign a role to a member of another tenant',
      orphaned,
      `insert into membership_roles (tenant_id, membership_id, role_id)
       values ($home, $foreignMembership, $role)`,
    ],
    [
      'assign a role within another tenant',
      denied,
      `insert into membership_roles (tenant_id, membership_id, role_id)
       values ($foreign, $foreignMembership, $foreignRole)`,
    ],
    [
      'bind the user’s own session to another tenant',
      orphaned,
      `insert into sessions (user_id, tenant_id, token_hash, idle_timeout_seconds, expires_at)
       values ($actor, $foreign, sha256('x'), 60, now())`,
    ],
    [
      'open a session for a colleague',
      denied,
      `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
       values ($colleague, sha256('x'), 60, now())`,
    ],
    ['extend a session', denied, `update sessions set expires_at = 'infinity'`],
    [
      'set the password of a colleague',
      denied,
      `insert into password_credentials (user_id, password_hash) values ($colleague, '$x')`,
    ],
    ['delete a password', denied, 'delete from password_credentials'],
    ['become another user', denied, 'update users set id = $stranger'],
    ['make the user a platform administrator', denied, 'update users set is_platform_admin = true'],
    ['create a tenant', denied, `insert into tenants (slug, name) values ('xyz', 'x')`],
    ['delete a tenant', denied, 'delete from tenants'],
    ['suspend a tenant', denied, `update tenants set status = 'suspended'`],
    ['mark a role as built in', denied, 'update roles set is_built_in = true'],
    ['change the built-in roles', denied, `select sync_built_in_roles('[]')`],
    [
      'read the permissions of any member',
      denied,
      'select membership_permissions($foreign, $foreignMembership)',
    ],
    ['read the migration history', denied, 'select * from _prisma_migrations'],
    ['change an audit log entry', denied, `update audit_events set action = 'x'`],
    ['delete an audit log entry', denied, 'delete from audit_events'],
    ['read the heads of the audit logs', denied, 'select * from audit_heads'],
    [
      'insert an audit log entry directly',
      denied,
      `insert into audit_events (chain_id, sequence, tenant_id, action, changes, hash)
       values ($home, 99, $home, 'x', '{}', '')`,
    ],
    ['truncate a table', denied, 'truncate roles cascade'],
    ['create a table', denied, 'create table notes ()'],
    ['disable row security on a table', denied, 'alter table roles disable row level security'],
    ['read the sign-in rate limits', denied, 'select * from sign_in_budgets'],
  ])('the serving login cannot %s', async (_what, code, sql) => {
    await setup.begin(setup.home.ownerId, setup.home.id);
    await expect(setup.app.query(setup.fill(sql))).rejects.toMatchObject({ code });
  });

  test.each([
    'update tenants set name = $$x$$',
    'update roles set name = $$x$$',
    'update user_tenants set is_active = false',
    'update users set name = $$x$$',
    'delete from membership_roles',
    'delete from user_tenants',
    'delete from sessions',
  ])('a statement without "where" changes only rows of the tenant: %s', async (sql) => {
    const { owner, foreign, home } = setup;
    await owner.query('begin');
    try {
      const rest = await readAllRows(owner, home);
      await owner.query(setup.fill('set local role tenantry_app'));
      await owner.query('select enter_scope($1, $2, false)', [foreign.ownerId, foreign.id]);
      expect((await owner.query(sql)).rowCount).toBeGreaterThan(0);
      await owner.query('reset role');
      expect(await readAllRows(owner, home)).toBe(rest);
    } finally {
      await owner.query('rollback');
    }
  });
});
