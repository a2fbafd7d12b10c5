import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createProgram,
  isKeyValid,
  listOwnPermissions,
  type Program,
  sendKey,
  toProgram,
} from '../support/api-keys.ts';
import type { TestApp } from '../support/app.ts';
import { send } from '../support/credentials.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import { mutate, updateMembership } from '../support/mutate.ts';
import {
  createMember,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
  toUuid,
} from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// Two processes serve one database: what one has acknowledged, the very next request by the key to the
// other must know.

let processes: TwoProcesses;
let here: TestApp;
let platformAdmin: Person;
beforeAll(async () => {
  processes = await startTwoProcesses();
  here = processes.here;
  platformAdmin = await createPlatformAdmin(here);
});
afterAll(() => processes.close());

let team: Team;
let creator: Person & { membershipId: string };
let program: Program;
beforeEach(async () => {
  team = await createTeam(here);
  creator = await createMember(here, team, 'admin');
  program = await createProgram(here, creator, team, 'tenant:read', 'roles:manage');
});

/** The same program, asking the other process. */
const there = ({ id, token }: Program): Program =>
  toProgram(processes.there, { secret: token, apiKey: { id } });

/** Is good there before `change` and refused in the next request after it. */
async function expectEnd(change: () => Promise<{ code: string | null }>) {
  expect(await isKeyValid(there(program))).toBe(true);
  expect((await change()).code).toBeNull();
  expect(await isKeyValid(there(program))).toBe(false);
  const { tenantId } = team;
  const role = { tenantId, key: 'late', name: 'Late', permissions: ['tenant:read'] };
  expect((await manage(there(program).ask, 'createRole', role)).code).toBe('UNAUTHENTICATED');
}

describe('a key is refused by the other process at once', () => {
  test('after it was revoked', async () => {
    await expectEnd(() => sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: program.id }));
  });

  test('after it was rotated without an overlap', async () => {
    await expectEnd(() => sendKey(team.owner.ask, 'rotateApiKey', { apiKeyId: program.id }));
  });

  test('after its creator was removed', async () => {
    await expectEnd(() =>
      mutate(team.owner.ask, 'removeMember', { membershipId: creator.membershipId }),
    );
  });

  test('after its creator left', async () => {
    await expectEnd(() => mutate(creator.ask, 'leaveTenant', { tenantId: team.tenantId }));
  });

  test('after its creator was paused, until that is over', async () => {
    const pause = (isActive: boolean) =>
      updateMembership(team.owner.ask, creator.membershipId, { isActive });
    await expectEnd(() => pause(false));
    await pause(true);
    expect(await isKeyValid(there(program))).toBe(true);
  });

  test('after its creator was suspended', async () => {
    await expectEnd(() => manage(platformAdmin.ask, 'suspendUser', { userId: creator.userId }));
  });

  test('after its creator was erased', async () => {
    await expectEnd(() => manage(creator.ask, 'eraseUser', { userId: creator.userId }));
  });

  test('after the tenant was suspended, until it is resumed', async () => {
    await expectEnd(() => manage(platformAdmin.ask, 'suspendTenant', { tenantId: team.tenantId }));
    await manage(platformAdmin.ask, 'resumeTenant', { tenantId: team.tenantId });
    expect(await isKeyValid(there(program))).toBe(true);
  });

  test('after the tenant was deleted', async () => {
    const { tenantId, slug } = team;
    await expectEnd(() => manage(team.owner.ask, 'deleteTenant', { tenantId, confirmSlug: slug }));
  });

  test('after it has expired', async () => {
    await expectEnd(async () => {
      await here.owner.query('update api_keys set expires_at = now() where id = $1', [
        toUuid(program.id),
      ]);
      return { code: null };
    });
  });
});

describe('a key loses a right in the other process at once', () => {
  test('after its creator lost the role that gives it, and has it again with the role', async () => {
    const { tenantId } = team;
    const assign = (key: string) =>
      updateMembership(team.owner.ask, creator.membershipId, { roleKeys: [key] });
    const role = { tenantId, key: 'some', name: 'Some', permissions: ['tenant:read'] };
    expect(await listOwnPermissions(there(program).ask, tenantId)).toEqual([
      'roles:manage',
      'tenant:read',
    ]);
    await assign('member');
    expect(await listOwnPermissions(there(program).ask, tenantId)).toEqual(['tenant:read']);
    expect((await manage(there(program).ask, 'createRole', role)).code).toBe('FORBIDDEN');
    await assign('admin');
    expect((await manage(there(program).ask, 'createRole', role)).code).toBeNull();
  });
});

describe('a change of the password', () => {
  const change = (changes: object) =>
    send(creator.ask, 'changePassword', {
      currentPassword: creator.password,
      newPassword: 'quite another secret of nobody',
      ...changes,
    });

  test('ends the keys of the person in all tenants where asked to, each told in its audit log', async () => {
    const other = await createTeam(here);
    await here.owner.query(
      `with m as (insert into user_tenants (tenant_id, user_id) values ($1, $2) returning *)
       insert into membership_roles select m.tenant_id, m.id, r.id from m
       join roles r on r.tenant_id = m.tenant_id and r.key = 'admin'`,
      [other.tenantUuid, creator.userUuid],
    );
    const second = await createProgram(here, creator, other, 'tenant:read');
    const colleagues = await createProgram(here, team.owner, team, 'tenant:read');
    const { data } = await creator.ask(
      `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) {
        ... on ChangePasswordSuccess { revokedApiKeyCount } } }`,
      {
        variables: {
          input: {
            currentPassword: creator.password,
            newPassword: 'quite another secret of nobody',
            revokeApiKeys: true,
          },
        },
      },
    );
    expect(data.changePassword).toEqual({ revokedApiKeyCount: 2 });
    const good = await Promise.all(
      [program, second, colleagues].map((one) => isKeyValid(there(one))),
    );
    expect(good).toEqual([false, false, true]);
    for (const [{ tenantUuid }, { id }] of [
      [team, program],
      [other, second],
    ] as const) {
      const told = { action: 'api_key.revoked', actor: creator.userUuid, target: toUuid(id) };
      expect(await readAuditLog(here, tenantUuid)).toContainEqual(expect.objectContaining(told));
    }
  });

  test('leaves them alone otherwise, and if the password was not right', async () => {
    expect((await change({ currentPassword: 'x', revokeApiKeys: true })).code).toBe(
      'UNAUTHENTICATED',
    );
    expect(await isKeyValid(there(program))).toBe(true);
    expect((await change({})).code).toBeNull();
    expect(await isKeyValid(there(program))).toBe(true);
  });
});
