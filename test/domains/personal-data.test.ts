import { beforeAll, expect, test } from 'vitest';
import { noScope } from '../../src/db/scope.ts';
import { createCast } from '../support/cast.ts';
import { openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { countRows, findChainViolation, manage, readAuditLog } from '../support/life-cycle.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  toPublicId,
} from '../support/people.ts';

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

function exportData({ userId }: { userId: string }, ask = admin.ask, more = {}) {
  return manage(ask, 'exportUserData', { userId, ...more });
}

test('a user exports their profile, memberships, sessions, API keys and audit events in one document', async () => {
  const team = await createTeam(app);
  const person = await createMember(app, team, 'admin');
  const { ask } = person;
  await ask(
    `mutation { updateProfile(input: { name: "Mary", metadata: { shoe: 38 } }) { __typename } }`,
  );
  await manage(ask, 'updateTenant', { tenantId: team.tenantId, name: 'Renamed' });
  await openSession(app, person, team.slug);
  await app.owner.query(
    `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     values ($1, $2, 'Robot', sha256('x'), 'tnt…abcd', '{tenant:read}', now() + interval '1 day')`,
    [team.tenantUuid, person.userUuid],
  );
  const { code, value } = await exportData(person, ask);
  const { data } = value;
  expect({ code, data }).toMatchObject({
    code: null,
    data: {
      format: 'tenantry-personal-data/1',
      isComplete: true,
      user: {
        id: person.userUuid,
        email: person.email,
        name: 'Mary',
        metadata: { shoe: 38 },
        status: 'active',
      },
      memberships: [
        {
          tenant: { id: team.tenantUuid, slug: team.slug, name: 'Renamed' },
          roles: [{ key: 'admin', name: 'Admin' }],
          isActive: true,
        },
      ],
      sessions: [{ tenantId: team.tenantUuid, ip: '127.0.0.1' }, { tenantId: null }],
      apiKeys: [{ tenantId: team.tenantUuid, name: 'Robot', hint: 'tnt…abcd' }],
    },
  });
  expect(data.auditEvents).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'user.signed_up', isOwnDeed: true, tenantId: null }),
      expect.objectContaining({
        action: 'tenant.updated',
        tenantId: team.tenantUuid,
        changes: null,
      }),
    ]),
  );
  expect((await readAuditLog(app, person.userUuid)).at(-1)).toEqual({
    action: 'user.data_exported',
    actor: person.userUuid,
    target: person.userUuid,
    changes: {},
  });
});

test('an export contains no secret and no data of other users', async () => {
  const team = await createTeam(app);
  const person = await createMember(app, team, 'owner');
  const other = await createMember(app, team, 'member');
  const { rows } = await app.owner.query(
    `select password_hash as secret from password_credentials where user_id = $1
     union all select encode(token_hash, 'hex') from sessions where user_id = $1`,
    [person.userUuid],
  );
  const { value } = await exportData(person, person.ask);
  const text = JSON.stringify(value);
  expect(rows.length).toBeGreaterThan(1);
  for (const { secret } of rows) expect(text).not.toContain(secret);
  for (const hidden of ['argon2', 'hash', person.token, other.email, other.userUuid]) {
    expect(text).not.toContain(hidden);
  }
});

test('a platform administrator exports the same, and the user sees it in their audit log', async () => {
  const person = await createPerson(app);
  const { code, value } = await exportData(person, admin.ask, { reason: 'Request 4711' });
  expect({ code, value }).toMatchObject({
    code: null,
    value: { data: { user: { id: person.userUuid }, memberships: [] } },
  });
  expect((await readAuditLog(app, person.userUuid)).at(-1)).toEqual({
    action: 'user.data_exported',
    actor: admin.userUuid,
    target: person.userUuid,
    changes: { reason: [null, 'Request 4711'] },
  });
  expect(await findChainViolation(app, person.userUuid)).toBeNull();
  const next = await exportData(person, person.ask);
  expect(next.value.data.auditEvents[0]).toMatchObject({
    action: 'user.data_exported',
    isOwnDeed: false,
  });
});

test('lists are cut at a thousand entries, and the document says so', async () => {
  const person = await createPerson(app);
  await app.owner.query(
    `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
     select $1, sha256(n::text::bytea), 60, now() from generate_series(1, 1001) n`,
    [person.userUuid],
  );
  const { value } = await exportData(person);
  expect([value.data.isComplete, value.data.sessions.length]).toEqual([false, 1_000]);
});

test('nobody else gets an export, whether or not the user exists', async () => {
  const { member, as } = await createCast(app);
  const absent = { userId: toPublicId('user', '00000000-0000-7000-8000-00000000dead') };
  const before = await countRows(app, 'audit_events');
  for (const caller of ['owner', 'admin', 'viewer', 'paused', 'stranger', 'anonymous'] as const) {
    const rejected = await exportData(member, as[caller]);
    const expected = caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    expect([caller, rejected.code, rejected.value]).toEqual([
      caller,
      expected,
      caller === 'anonymous' ? null : {},
    ]);
    expect(await exportData(absent, as[caller])).toEqual(rejected);
  }
  expect((await exportData(absent)).code).toBe('NOT_FOUND');
  expect((await exportData({ userId: 'nonsense' })).code).toBe('NOT_FOUND');
  expect(await countRows(app, 'audit_events')).toBe(before);
});

test('an export is rejected in a session that is bound to one tenant', async () => {
  const team = await createTeam(app);
  const bound = await openSession(app, team.owner, team.slug);
  expect((await exportData(team.owner, bound.ask)).code).toBe('FORBIDDEN');
});

test('the database itself returns an export only to the scope of the user or of the platform', async () => {
  const team = await createTeam(app);
  const victim = await createMember(app, team, 'member');
  const scope = {
    ...noScope,
    userId: team.owner.userUuid,
    tenantId: team.tenantUuid,
    platform: true,
  };
  const rows = await app.app.db.transaction(
    scope,
    (tx) => tx.$queryRaw`select find_personal_data(${victim.userUuid}::uuid, 10) as data`,
  );
  expect(rows).toEqual([{ data: null }]);
});
