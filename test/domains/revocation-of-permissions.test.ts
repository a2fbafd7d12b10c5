import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { signInBound } from '../support/cast.ts';
import { openSession } from '../support/credentials.ts';
import { mutate } from '../support/mutate.ts';
import {
  createMember,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// As in revocation.test.ts: a change that one process has acknowledged holds on the next request to the other.

let processes: TwoProcesses;
let here: TestApp;
beforeAll(async () => {
  processes = await startTwoProcesses();
  here = processes.here;
});
afterAll(() => processes.close());

let team: Team;
let member: Person & { membershipId: string };
let stranger: Person;
beforeEach(async () => {
  team = await createTeam(here);
  member = await createMember(here, team, 'member');
  stranger = (await createTeam(here)).owner;
});

const isValidThere = (person: { token: string }) => processes.isValidThere(person);
const listPermissionsThere = (person: { token: string }) =>
  processes.listPermissionsThere(person, team.tenantId);

describe('the other process applies a change of a membership on the next request', () => {
  const boundToken = async (person: Person) => (await openSession(here, person, team.slug)).token;

  test('when it is paused and resumed, but not by a stranger', async () => {
    const bound = { token: await boundToken(member) };
    const { membershipId } = member;
    expect(await listPermissionsThere(member)).toContain('tenant:read');
    const pause = (ask: Person['ask'], isActive: boolean) =>
      mutate(ask, 'updateMembership', { membershipId, isActive });
    expect((await pause(stranger.ask, false)).code).toBe('NOT_FOUND');
    expect(await listPermissionsThere(member)).toContain('tenant:read');
    expect((await pause(team.owner.ask, false)).code).toBeNull();
    expect(await listPermissionsThere(member)).toBeNull();
    expect(await isValidThere(bound)).toBe(false);
    expect(await isValidThere(member)).toBe(true);
    expect((await pause(team.owner.ask, true)).code).toBeNull();
    expect(await listPermissionsThere(member)).toContain('tenant:read');
    expect(await isValidThere(bound)).toBe(true);
  });

  test('when it is removed, but not by a stranger', async () => {
    const bound = { token: await boundToken(member) };
    const input = { membershipId: member.membershipId };
    expect(await listPermissionsThere(bound)).toContain('tenant:read');
    expect((await mutate(stranger.ask, 'removeMember', input)).code).toBe('NOT_FOUND');
    expect(await listPermissionsThere(bound)).toContain('tenant:read');
    expect((await mutate(team.owner.ask, 'removeMember', input)).code).toBeNull();
    expect(await isValidThere(bound)).toBe(false);
    expect(await listPermissionsThere(member)).toBeNull();
    expect(await isValidThere(member)).toBe(true);
  });

  test('when its user leaves', async () => {
    const bound = { token: await boundToken(member) };
    const input = { tenantId: team.tenantId };
    expect((await mutate(stranger.ask, 'leaveTenant', input)).code).toBe('NOT_FOUND');
    expect(await isValidThere(bound)).toBe(true);
    expect((await mutate(member.ask, 'leaveTenant', input)).code).toBeNull();
    expect(await isValidThere(bound)).toBe(false);
    expect(await listPermissionsThere(member)).toBeNull();
  });

  test('when its roles change, up and down, but not by a stranger', async () => {
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

  test('when the permissions of one of its roles change, but not by a stranger', async () => {
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
      const response = await ask(
        `mutation ($input: UpdateRoleInput!) { updateRole(input: $input) {
          __typename ... on Error { code } } }`,
        { variables: { input: { roleId, permissions } } },
      );
      return response.data.updateRole.code ?? null;
    };
    expect(await listPermissionsThere(member)).not.toContain('sessions:read');
    expect(await allow(stranger.ask, ['sessions:read'])).toBe('NOT_FOUND');
    expect(await listPermissionsThere(member)).not.toContain('sessions:read');
    expect(await allow(team.owner.ask, ['sessions:read'])).toBeNull();
    expect(await listPermissionsThere(member)).toContain('sessions:read');
    expect(await allow(team.owner.ask, [])).toBeNull();
    expect(await listPermissionsThere(member)).not.toContain('sessions:read');
  });

  test('when its tenant is suspended, and no other', async () => {
    const bound = { token: await boundToken(member) };
    const asBound = await signInBound(here, member, team.slug);
    expect(await isValidThere(bound)).toBe(true);
    await here.owner.query(`update tenants set status = 'suspended' where id = $1`, [
      team.tenantUuid,
    ]);
    expect(await isValidThere(bound)).toBe(false);
    expect(await isValidThere(member)).toBe(true);
    expect((await asBound('{ viewer { user { id } } }')).data.viewer).toBeNull();
    expect(await isValidThere(stranger)).toBe(true);
  });
});

test('the other process rejects a former platform administrator on the next request', async () => {
  const admin = await createPlatformAdmin(here);
  const other = await createPlatformAdmin(here);
  const isAdminThere = async ({ token }: Person) => {
    const { data } = await processes.there.ask('{ viewer { isPlatformAdmin } }', { token });
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
