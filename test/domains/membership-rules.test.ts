import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Ask,
  type Cast,
  createCast,
  findMembershipId,
  listRoleKeys,
} from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { mutate, readRows, updateMembership } from '../support/mutate.ts';
import { addMember, createMember, createPerson, createTeam, type Team } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

async function countOwners({ tenantUuid }: Team): Promise<number> {
  const { rows } = await app.owner.query(
    `select count(*)::int as count from user_tenants m
     join membership_roles mr on mr.membership_id = m.id join roles r on r.id = mr.role_id
     where m.tenant_id = $1 and m.is_active and r.key = 'owner'`,
    [tenantUuid],
  );
  return rows[0].count;
}

describe('nobody gains or grants more permissions than they have', () => {
  test('an admin cannot change or remove an owner or another admin; an owner can', async () => {
    const team = await createTeam(app);
    const ownerId = await findMembershipId(team);
    const admin = await createMember(app, team, 'admin');
    const peer = await createMember(app, team, 'admin');
    const rows = await readRows(app);
    for (const membershipId of [ownerId, peer.membershipId]) {
      for (const changes of [{ roleKeys: ['viewer'] }, { isActive: false }, { metadata: {} }]) {
        expect((await updateMembership(admin.ask, membershipId, changes)).code).toBe('FORBIDDEN');
      }
      const removed = await mutate(admin.ask, 'removeMember', { membershipId });
      expect(removed.code).toBe('FORBIDDEN');
    }
    expect(await readRows(app)).toEqual(rows);

    const second = await createMember(app, team, 'owner');
    const onAdmin = await updateMembership(team.owner.ask, peer.membershipId, {
      roleKeys: ['viewer'],
    });
    const onOwner = await updateMembership(team.owner.ask, second.membershipId, {
      roleKeys: ['viewer'],
    });
    expect([onAdmin.code, onOwner.code]).toEqual([null, null]);
    const { membershipId } = admin;
    expect((await mutate(team.owner.ask, 'removeMember', { membershipId })).code).toBeNull();
  });

  test('an owner, but no admin, can make a member an owner', async () => {
    const { membershipId } = await createMember(app, cast.team, 'member');
    const input = { roleKeys: ['member', 'owner'] };
    expect((await updateMembership(cast.admin.ask, membershipId, input)).code).toBe('FORBIDDEN');
    expect(await listRoleKeys(app, membershipId)).toEqual(['member']);
    expect((await updateMembership(cast.owner.ask, membershipId, input)).code).toBeNull();
    expect(await listRoleKeys(app, membershipId)).toEqual(['member', 'owner']);
  });

  test.each(['admin', 'member', 'viewer'] as const)(
    'a member with the role %s cannot promote themselves',
    async (key) => {
      const person = await createMember(app, cast.team, key);
      const { code } = await updateMembership(person.ask, person.membershipId, {
        roleKeys: [key, 'owner'],
      });
      expect(code).toBe('FORBIDDEN');
      expect(await listRoleKeys(app, person.membershipId)).toEqual([key]);
    },
  );

  test('an admin can demote themselves, and then not promote themselves again', async () => {
    const { ask, membershipId } = await createMember(app, cast.team, 'admin');
    expect((await updateMembership(ask, membershipId, { roleKeys: ['member'] })).code).toBeNull();
    expect((await updateMembership(ask, membershipId, { roleKeys: ['admin'] })).code).toBe(
      'FORBIDDEN',
    );
    expect(await listRoleKeys(app, membershipId)).toEqual(['member']);
  });

  test('a member who can change members cannot grant a role with a permission they lack', async () => {
    const team = await createTeam(app);
    await app.owner.query(
      `insert into roles (tenant_id, key, name, permissions)
       values ($1, 'steward', 'Steward', '{tenant:read,members:read,members:update}'),
         ($1, 'guest', 'Guest', '{tenant:read}')`,
      [team.tenantUuid],
    );
    const steward = await createMember(app, team, 'steward');
    const { membershipId } = await createMember(app, team, 'guest');
    const grant = (...roleKeys: string[]) =>
      updateMembership(steward.ask, membershipId, { roleKeys });
    for (const keys of [['viewer'], ['guest', 'member'], ['steward', 'admin']]) {
      expect((await grant(...keys)).code).toBe('FORBIDDEN');
    }
    expect(await listRoleKeys(app, membershipId)).toEqual(['guest']);
    expect((await grant('guest', 'steward')).code).toBeNull();
    // Now both have the same permissions.
    expect((await grant('guest')).code).toBe('FORBIDDEN');
    const removed = await mutate(steward.ask, 'removeMember', { membershipId });
    expect(removed.code).toBe('FORBIDDEN');
  });

  test('viewerPermissions lists what the viewer can do with each membership', async () => {
    const read = async (ask: Ask, id: string) => {
      const { data } = await ask(
        'query ($id: ID!) { node(id: $id) { ... on Membership { viewerPermissions } } }',
        { variables: { id } },
      );
      return data.node?.viewerPermissions ?? null;
    };
    const all = ['members:read', 'members:remove', 'members:update'];
    const { owner, admin, member, viewer, as } = cast;
    const peer = await createMember(app, cast.team, 'admin');
    expect(await read(owner.ask, admin.membershipId)).toEqual(all);
    expect(await read(admin.ask, member.membershipId)).toEqual(all);
    expect(await read(admin.ask, admin.membershipId)).toEqual(all);
    expect(await read(admin.ask, peer.membershipId)).toEqual(['members:read']);
    expect(await read(admin.ask, owner.membershipId)).toEqual(['members:read']);
    expect(await read(member.ask, viewer.membershipId)).toEqual(['members:read']);
    expect(await read(viewer.ask, viewer.membershipId)).toEqual([]);
    expect(await read(as.platformAdmin, owner.membershipId)).toEqual(all);
    expect(await read(as.stranger, owner.membershipId)).toBeNull();
    expect(await read(app.ask, owner.membershipId)).toBeNull();
  });
});

describe('the last owner', () => {
  test('cannot be demoted, paused or removed by anyone, and cannot leave', async () => {
    const team = await createTeam(app);
    await createMember(app, team, 'admin');
    const membershipId = await findMembershipId(team);
    const { tenantId, owner } = team;
    const rows = await readRows(app);
    for (const { ask } of [owner, cast.platformAdmin]) {
      const outcomes = [
        await updateMembership(ask, membershipId, { roleKeys: ['admin'] }),
        await mutate(ask, 'removeMember', { membershipId }),
      ];
      expect(outcomes.map(({ code }) => code)).toEqual(['CONFLICT', 'CONFLICT']);
    }
    const pausedByAdmin = await updateMembership(cast.platformAdmin.ask, membershipId, {
      isActive: false,
    });
    expect(pausedByAdmin.code).toBe('CONFLICT');
    const pausedBySelf = await updateMembership(owner.ask, membershipId, { isActive: false });
    expect(pausedBySelf).toMatchObject({ code: 'BAD_USER_INPUT', path: ['isActive'] });
    expect((await mutate(owner.ask, 'leaveTenant', { tenantId })).code).toBe('CONFLICT');
    expect(await readRows(app)).toEqual(rows);
  });

  test('cannot leave when the only other owner is paused', async () => {
    const team = await createTeam(app);
    const second = await createMember(app, team, 'owner');
    expect(
      (await updateMembership(team.owner.ask, second.membershipId, { isActive: false })).code,
    ).toBeNull();
    const { code } = await mutate(team.owner.ask, 'leaveTenant', { tenantId: team.tenantId });
    expect(code).toBe('CONFLICT');
    expect(await countOwners(team)).toBe(1);
  });

  test.each(['demote each other', 'remove each other', 'leave', 'step down'])(
    'remains when two owners %s at once, twenty times over',
    async (way) => {
      const team = await createTeam(app);
      const first = { ask: team.owner.ask, person: team.owner, id: await findMembershipId(team) };
      const person = await createPerson(app);
      const second = { ask: person.ask, person, id: await addMember(app, team, person, 'owner') };
      const act = (by: typeof first, on: typeof first) => {
        if (way === 'leave') return mutate(by.ask, 'leaveTenant', { tenantId: team.tenantId });
        if (way === 'step down') return updateMembership(by.ask, by.id, { roleKeys: ['member'] });
        if (way === 'remove each other') {
          return mutate(by.ask, 'removeMember', { membershipId: on.id });
        }
        return updateMembership(by.ask, on.id, { roleKeys: ['member'] });
      };
      for (let round = 0; round < 20; round += 1) {
        const outcomes = await Promise.all([act(first, second), act(second, first)]);
        const rejections = outcomes.flatMap(({ code }) => code ?? []);
        expect(rejections).toEqual([expect.stringMatching(/^(CONFLICT|FORBIDDEN|NOT_FOUND)$/)]);
        expect(await countOwners(team)).toBe(1);
        await app.owner.query('delete from user_tenants where tenant_id = $1', [team.tenantUuid]);
        first.id = await addMember(app, team, first.person, 'owner');
        second.id = await addMember(app, team, second.person, 'owner');
      }
    },
  );
});
