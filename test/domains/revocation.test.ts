import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { signInBound } from '../support/cast.ts';
import { type Child, startChild } from '../support/child.ts';
import { openSession, send } from '../support/credentials.ts';
import { mutate } from '../support/mutate.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

// Two processes serve one database. What one of them has acknowledged, the very next request to the
// other must know: nothing about sessions or rights is remembered between requests.

let here: TestApp;
let child: Child;
let there: Pick<TestApp, 'ask'>;

const serveThere = (appUrl: string) => `
  import { createApp } from '#root/src/app.ts';
  import { loadConfig } from '#root/src/config.ts';
  import { createLogger } from '#root/src/observability/logger.ts';
  const config = loadConfig({
    NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: '4',
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
  });
  const app = await createApp(config, {
    appUrl: ${JSON.stringify(appUrl)},
    secret: 'a secret that only the tests know',
    log: createLogger(config.log),
  });
  process.on('SIGTERM', () => app.close());
  console.log((await app.http.listen()).url);
`;

beforeAll(async () => {
  here = await startTestApp();
  child = startChild(serveThere(here.appUrl));
  const url = await child.firstLine;
  there = {
    ask: async (query, { token, variables } = {}) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      return await response.json();
    },
  };
});
afterAll(async () => {
  await child.end();
  await here.close();
});

let team: Team;
let member: Person & { membershipId: string };
let stranger: Person;
beforeEach(async () => {
  team = await createTeam(here);
  member = await createMember(here, team, 'member');
  stranger = (await createTeam(here)).owner;
});

/** Whether the other process takes the token for somebody's. */
async function isGoodThere({ token }: { token: string }): Promise<boolean> {
  const { data, errors } = await there.ask('{ viewer { user { id } } }', { token });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.viewer !== null;
}

/** What the other process lets somebody do in the team; null where it does not belong. */
async function listPermissionsThere({ token }: { token: string }): Promise<string[] | null> {
  const { data, errors } = await there.ask(
    'query ($id: ID!) { tenant(id: $id) { viewerPermissions } }',
    { token, variables: { id: team.tenantId } },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.tenant?.viewerPermissions ?? null;
}

/** Is good there before `change` and, if it is a revocation, dead in the next request after it. */
async function expectEnd(victim: { token: string }, change: () => Promise<unknown>) {
  expect(await isGoodThere(victim)).toBe(true);
  await change();
  expect(await isGoodThere(victim)).toBe(false);
}

describe('a session is refused by the other process at once', () => {
  test('after signing out', async () => {
    await expectEnd(member, () => send(member.ask, 'signOut'));
    expect(await isGoodThere(stranger)).toBe(true);
  });

  test('after being revoked by its user, but not by a stranger', async () => {
    const phone = await openSession(here, member);
    expect(await isGoodThere(phone)).toBe(true);
    const refused = await send(stranger.ask, 'revokeSession', { sessionId: phone.id });
    expect(refused.code).toBe('NOT_FOUND');
    expect(await isGoodThere(phone)).toBe(true);
    await expectEnd(phone, () => send(member.ask, 'revokeSession', { sessionId: phone.id }));
    expect(await isGoodThere(member)).toBe(true);
  });

  test('after all others are revoked by its user', async () => {
    const phone = await openSession(here, member);
    await send(stranger.ask, 'revokeSessions');
    await expectEnd(phone, () => send(member.ask, 'revokeSessions'));
    expect(await isGoodThere(member)).toBe(true);
    expect(await isGoodThere(stranger)).toBe(true);
  });

  test('after being revoked by the owner of the tenant it is bound to, and only there', async () => {
    const bound = await openSession(here, member, team.slug);
    const input = { userId: member.userId, tenantId: team.tenantId };
    expect((await send(stranger.ask, 'revokeSessions', input)).code).toBe('NOT_FOUND');
    expect(await isGoodThere(bound)).toBe(true);
    await expectEnd(bound, () => send(team.owner.ask, 'revokeSessions', input));
    expect(await isGoodThere(member)).toBe(true);
  });

  test('after being revoked by a platform administrator, but not by a stranger', async () => {
    const admin = await createPlatformAdmin(here);
    const input = { userId: member.userId };
    expect((await send(stranger.ask, 'revokeSessions', input)).code).toBe('FORBIDDEN');
    await expectEnd(member, () => send(admin.ask, 'revokeSessions', input));
    expect(await isGoodThere(stranger)).toBe(true);
  });

  test('after the password was changed, but not after a try with a wrong one', async () => {
    const phone = await openSession(here, member);
    const change = (currentPassword: string) =>
      send(member.ask, 'changePassword', {
        currentPassword,
        newPassword: 'quite another secret of nobody',
      });
    expect((await change('not the password of anybody')).code).toBe('UNAUTHENTICATED');
    await expectEnd(phone, () => change(member.password));
    expect(await isGoodThere(member)).toBe(true);
    expect(await isGoodThere(stranger)).toBe(true);
  });

  test('after being replaced by one that is bound to a tenant', async () => {
    let replacement = '';
    await expectEnd(member, async () => {
      const { value } = await send(member.ask, 'switchTenant', { tenantId: team.tenantId });
      replacement = value.token;
    });
    expect(await isGoodThere({ token: replacement })).toBe(true);
    const refused = await send(stranger.ask, 'switchTenant', { tenantId: team.tenantId });
    expect(refused.code).toBe('NOT_FOUND');
    expect(await isGoodThere(stranger)).toBe(true);
  });

  test('after more sessions than one may have, where it was used longest ago', async () => {
    const person = await createPerson(here);
    await here.owner.query(
      `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at, last_seen_at)
       select $1, sha256(uuid_send(gen_random_uuid())), 3600, now() + interval '1 hour',
         now() + interval '1 second' from generate_series(1, 49)`,
      [person.userUuid],
    );
    await expectEnd(person, () => openSession(here, person));
    expect(await isGoodThere(stranger)).toBe(true);
  });

  test('after its user was suspended, and of nobody else', async () => {
    const setStatus = (status: string) =>
      here.owner.query('update users set status = $2 where id = $1', [member.userUuid, status]);
    const bound = await openSession(here, member, team.slug);
    await expectEnd(member, () => setStatus('suspended'));
    expect(await isGoodThere(bound)).toBe(false);
    expect(await isGoodThere(stranger)).toBe(true);
    expect(await isGoodThere(team.owner)).toBe(true);
    await setStatus('active');
    expect(await isGoodThere(member)).toBe(true);
  });

  test('when a service there asks whether it is good', async () => {
    const verifyThere = async () => {
      const { data } = await there.ask(
        'query ($token: String!, $id: ID) { verifySession(token: $token, tenantId: $id) { valid } }',
        { token: team.owner.token, variables: { token: member.token, id: team.tenantId } },
      );
      return data.verifySession.valid;
    };
    expect(await verifyThere()).toBe(true);
    await send(stranger.ask, 'signOut');
    expect(await verifyThere()).toBe(true);
    await send(member.ask, 'signOut');
    expect(await verifyThere()).toBe(false);
  });
});

describe('a membership is known to the other process as it now is', () => {
  const boundToken = async (person: Person) => (await openSession(here, person, team.slug)).token;

  test('once it is paused and resumed, but not by a stranger', async () => {
    const bound = { token: await boundToken(member) };
    const { membershipId } = member;
    expect(await listPermissionsThere(member)).toContain('tenant:read');
    const pause = (ask: Person['ask'], isActive: boolean) =>
      mutate(ask, 'updateMembership', { membershipId, isActive });
    expect((await pause(stranger.ask, false)).code).toBe('NOT_FOUND');
    expect(await listPermissionsThere(member)).toContain('tenant:read');
    expect((await pause(team.owner.ask, false)).code).toBeNull();
    expect(await listPermissionsThere(member)).toBeNull();
    expect(await isGoodThere(bound)).toBe(false);
    expect(await isGoodThere(member)).toBe(true);
    expect((await pause(team.owner.ask, true)).code).toBeNull();
    expect(await listPermissionsThere(member)).toContain('tenant:read');
    expect(await isGoodThere(bound)).toBe(true);
  });

  test('once it is removed, but not by a stranger', async () => {
    const bound = { token: await boundToken(member) };
    const input = { membershipId: member.membershipId };
    expect(await listPermissionsThere(bound)).toContain('tenant:read');
    expect((await mutate(stranger.ask, 'removeMember', input)).code).toBe('NOT_FOUND');
    expect(await listPermissionsThere(bound)).toContain('tenant:read');
    expect((await mutate(team.owner.ask, 'removeMember', input)).code).toBeNull();
    expect(await isGoodThere(bound)).toBe(false);
    expect(await listPermissionsThere(member)).toBeNull();
    expect(await isGoodThere(member)).toBe(true);
  });

  test('once its user has left', async () => {
    const bound = { token: await boundToken(member) };
    const input = { tenantId: team.tenantId };
    expect((await mutate(stranger.ask, 'leaveTenant', input)).code).toBe('NOT_FOUND');
    expect(await isGoodThere(bound)).toBe(true);
    expect((await mutate(member.ask, 'leaveTenant', input)).code).toBeNull();
    expect(await isGoodThere(bound)).toBe(false);
    expect(await listPermissionsThere(member)).toBeNull();
  });

  test('once its roles have changed, up and down, but not by a stranger', async () => {
    const { membershipId } = member;
    const setRoles = (ask: Person['ask'], ...roleKeys: string[]) =>
      mutate(ask, 'updateMembership', { membershipId, roleKeys });
    expect(await listPermissionsThere(member)).not.toContain('members:update');
    expect((await setRoles(stranger.ask, 'admin')).code).toBe('NOT_FOUND');
    expect(await listPermissionsThere(member)).not.toContain('members:update');
    expect((await setRoles(team.owner.ask, 'admin')).code).toBeNull();
    expect(await listPermissionsThere(member)).toContain('members:update');
    expect((await setRoles(team.owner.ask, 'viewer')).code).toBeNull();
    expect(await listPermissionsThere(member)).not.toContain('members:update');
  });

  test('once what one of its roles allows has changed, but not by a stranger', async () => {
    const { data } = await team.owner.ask(
      `mutation ($input: CreateRoleInput!) { createRole(input: $input) {
        ... on CreateRoleSuccess { role { id } } ... on Error { code } } }`,
      {
        variables: {
          input: {
            tenantId: team.tenantId,
            key: 'desk',
            name: 'Desk',
            permissions: ['roles:read'],
          },
        },
      },
    );
    const roleId = data.createRole.role.id;
    const roleKeys = ['member', 'desk'];
    await mutate(team.owner.ask, 'updateMembership', {
      membershipId: member.membershipId,
      roleKeys,
    });
    const allow = async (ask: Person['ask'], permissions: string[]) => {
      const answer = await ask(
        `mutation ($input: UpdateRoleInput!) { updateRole(input: $input) {
          __typename ... on Error { code } } }`,
        { variables: { input: { roleId, permissions } } },
      );
      return answer.data.updateRole.code ?? null;
    };
    expect(await listPermissionsThere(member)).not.toContain('sessions:read');
    expect(await allow(stranger.ask, ['sessions:read'])).toBe('NOT_FOUND');
    expect(await listPermissionsThere(member)).not.toContain('sessions:read');
    expect(await allow(team.owner.ask, ['sessions:read'])).toBeNull();
    expect(await listPermissionsThere(member)).toContain('sessions:read');
    expect(await allow(team.owner.ask, [])).toBeNull();
    expect(await listPermissionsThere(member)).not.toContain('sessions:read');
  });

  test('once its tenant is suspended, and no other', async () => {
    const bound = { token: await boundToken(member) };
    const asBound = await signInBound(here, member, team.slug);
    expect(await isGoodThere(bound)).toBe(true);
    await here.owner.query(`update tenants set status = 'suspended' where id = $1`, [
      team.tenantUuid,
    ]);
    expect(await isGoodThere(bound)).toBe(false);
    expect(await isGoodThere(member)).toBe(true);
    expect((await asBound('{ viewer { user { id } } }')).data.viewer).toBeNull();
    expect(await isGoodThere(stranger)).toBe(true);
  });
});

test('a platform administrator who is one no more is known to the other process at once', async () => {
  const admin = await createPlatformAdmin(here);
  const other = await createPlatformAdmin(here);
  const isAdminThere = async ({ token }: Person) => {
    const { data } = await there.ask('{ viewer { isPlatformAdmin } }', { token });
    return data.viewer.isPlatformAdmin;
  };
  expect(await isAdminThere(admin)).toBe(true);
  await here.owner.query('update users set is_platform_admin = false where id = $1', [
    admin.userUuid,
  ]);
  expect(await isAdminThere(admin)).toBe(false);
  expect(await isAdminThere(other)).toBe(true);
  expect(await listPermissionsThere(admin)).toBeNull();
});
