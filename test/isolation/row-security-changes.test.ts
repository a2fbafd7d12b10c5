import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEverything } from './row-security/houses.ts';
import { openStage, type Stage } from './row-security/stage.ts';

// What the serving login can change by SQL of its own, without any of our code in between.

let stage: Stage;
let before: string;

beforeAll(async () => {
  stage = await openStage();
  return stage.close;
});

beforeEach(async () => {
  before = await readEverything(stage.owner);
});

afterEach(async () => {
  await stage.app.query('rollback');
  await stage.app.query('reset all');
  expect(await readEverything(stage.owner)).toBe(before);
});

describe('nothing of another tenant can be changed from within one', () => {
  // insufficient_privilege and foreign_key_violation: PostgreSQL's appendix of error codes.
  const denied = '42501';
  const orphaned = '23503';

  test.each<[what: string, code: string, sql: string]>([
    ['take on the definer', denied, 'set role tenantry_definer'],
    ['take on the owner', denied, 'set role postgres'],
    ['become the owner', denied, 'set session authorization postgres'],
    ['turn row security off', denied, 'set row_security = off; select id from tenants'],
    ['move a role', denied, 'update roles set tenant_id = $foreign'],
    ['move a membership', denied, 'update user_tenants set tenant_id = $foreign'],
    ['move a role of a member', denied, 'update membership_roles set tenant_id = $foreign'],
    ['move a session', denied, 'update sessions set tenant_id = $foreign'],
    ['make a member of somebody else', denied, 'update user_tenants set user_id = $stranger'],
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
      'give a role of another tenant',
      orphaned,
      `insert into membership_roles (tenant_id, membership_id, role_id)
       values ($home, $membership, $foreignRole)`,
    ],
    [
      'give a role to a member of another tenant',
      orphaned,
      `insert into membership_roles (tenant_id, membership_id, role_id)
       values ($home, $foreignMembership, $role)`,
    ],
    [
      'give a role within another tenant',
      denied,
      `insert into membership_roles (tenant_id, membership_id, role_id)
       values ($foreign, $foreignMembership, $foreignRole)`,
    ],
    [
      'bind one’s own session to another tenant',
      orphaned,
      `insert into sessions (user_id, tenant_id, token_hash, idle_timeout_seconds, expires_at)
       values ($actor, $foreign, sha256('x'), 60, now())`,
    ],
    [
      'open a session of a colleague',
      denied,
      `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
       values ($colleague, sha256('x'), 60, now())`,
    ],
    ['lengthen a session', denied, `update sessions set expires_at = 'infinity'`],
    [
      'set the password of a colleague',
      denied,
      `insert into password_credentials (user_id, password_hash) values ($colleague, '$x')`,
    ],
    ['take a password away', denied, 'delete from password_credentials'],
    ['become another user', denied, 'update users set id = $stranger'],
    ['make oneself a platform administrator', denied, 'update users set is_platform_admin = true'],
    ['create a tenant', denied, `insert into tenants (slug, name) values ('xyz', 'x')`],
    ['delete a tenant', denied, 'delete from tenants'],
    ['suspend a tenant', denied, `update tenants set status = 'suspended'`],
    ['build a role in', denied, 'update roles set is_built_in = true'],
    ['change what built-in roles are', denied, `select sync_built_in_roles('[]')`],
    [
      'read the rights of anybody',
      denied,
      'select membership_permissions($foreign, $foreignMembership)',
    ],
    ['read the history of migrations', denied, 'select * from _prisma_migrations'],
    ['alter an entry of the audit log', denied, `update audit_events set action = 'x'`],
    ['remove an entry of the audit log', denied, 'delete from audit_events'],
    ['read how far the audit logs are', denied, 'select * from audit_heads'],
    [
      'write an entry past the chain',
      denied,
      `insert into audit_events (chain_id, sequence, tenant_id, action, changes, hash)
       values ($home, 99, $home, 'x', '{}', '')`,
    ],
    ['empty a table', denied, 'truncate roles cascade'],
    ['make a table', denied, 'create table notes ()'],
    ['loosen a policy', denied, 'alter table roles disable row level security'],
    ['read the budgets of sign-ins', denied, 'select * from sign_in_budgets'],
  ])('refused: %s', async (_what, code, sql) => {
    await stage.begin(stage.home.ownerId, stage.home.id);
    await expect(stage.app.query(stage.fill(sql))).rejects.toMatchObject({ code });
  });

  test.each([
    'update tenants set name = $$x$$',
    'update roles set name = $$x$$',
    'update user_tenants set is_active = false',
    'update users set name = $$x$$',
    'delete from membership_roles',
    'delete from user_tenants',
    'delete from sessions',
  ])('a statement without any "where" stays within the tenant: %s', async (sql) => {
    const { owner, foreign, home } = stage;
    await owner.query('begin');
    try {
      const rest = await readEverything(owner, home);
      await owner.query(stage.fill('set local role tenantry_app'));
      await owner.query('select enter_scope($1, $2, false)', [foreign.ownerId, foreign.id]);
      expect((await owner.query(sql)).rowCount).toBeGreaterThan(0);
      await owner.query('reset role');
      expect(await readEverything(owner, home)).toBe(rest);
    } finally {
      await owner.query('rollback');
    }
  });
});
