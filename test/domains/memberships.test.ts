import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CallerName,
  type Cast,
  callerNames,
  createCast,
  findMembershipId,
  listRoleKeys,
  signInBound,
} from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  boundaryMetadata,
  invalidMetadata,
  mutate,
  readRows,
  updateMembership,
} from '../support/mutate.ts';
import { addMember, createMember, createTeam } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

/** The code that each caller gets for changing a plain member. */
const codesOnMember: Record<CallerName, string | null> = {
  owner: null,
  admin: null,
  platformAdmin: null,
  member: 'FORBIDDEN',
  viewer: 'FORBIDDEN',
  paused: 'NOT_FOUND',
  stranger: 'NOT_FOUND',
  anonymous: 'UNAUTHENTICATED',
};

describe('updateMembership', () => {
  test.each(callerNames)('requires members:update: %s', async (caller) => {
    const { membershipId } = await createMember(app, cast.team, 'member');
    const rows = await readRows(app);
    const outcome = await updateMembership(cast.as[caller], membershipId, {
      roleKeys: ['viewer'],
    });
    expect(outcome.code).toBe(codesOnMember[caller]);
    expect(await listRoleKeys(app, membershipId)).toEqual(
      outcome.code === null ? ['viewer'] : ['member'],
    );
    if (outcome.code !== null) expect(await readRows(app)).toEqual(rows);
  });

  test('replaces the roles with exactly those given, once each', async () => {
    const { membershipId } = await createMember(app, cast.team, 'member');
    const roleKeys = ['viewer', 'admin', 'viewer'];
    const { value } = await updateMembership(cast.owner.ask, membershipId, { roleKeys });
    expect(value.membership.roles).toEqual([{ key: 'admin' }, { key: 'viewer' }]);
    expect(value.membership.permissions).toContain('members:update');
    expect(await listRoleKeys(app, membershipId)).toEqual(['admin', 'viewer']);
  });

  test('changes the given fields and nothing else', async () => {
    const { membershipId: id } = await createMember(app, cast.team, 'member');
    const noted = await updateMembership(cast.admin.ask, id, { metadata: { desk: 4 } });
    const paused = await updateMembership(cast.admin.ask, id, { isActive: false });
    const nothing = await updateMembership(cast.admin.ask, id, { isActive: null, roleKeys: null });
    const membership = { id, isActive: false, metadata: { desk: 4 }, roles: [{ key: 'member' }] };
    expect(noted.value.membership).toMatchObject({ ...membership, isActive: true });
    expect(paused.value.membership).toMatchObject(membership);
    expect(nothing.value.membership).toMatchObject(membership);
  });

  test('locks a paused member out at once, and lets them in again when resumed', async () => {
    const person = await createMember(app, cast.team, 'admin');
    const getTenant = () =>
      person.ask('query ($id: ID!) { tenant(id: $id) { slug } }', {
        variables: { id: cast.team.tenantId },
      });
    await updateMembership(cast.owner.ask, person.membershipId, { isActive: false });
    expect(await getTenant()).toEqual({ data: { tenant: null } });
    const foreign = await updateMembership(person.ask, cast.member.membershipId, { metadata: {} });
    expect(foreign.code).toBe('NOT_FOUND');
    const own = await updateMembership(person.ask, person.membershipId, { isActive: true });
    expect(own.code).toBe('NOT_FOUND');
    await updateMembership(cast.owner.ask, person.membershipId, { isActive: true });
    expect(await getTenant()).toEqual({ data: { tenant: { slug: cast.team.slug } } });
  });

  test('finds no membership of another tenant, even when its id names the caller’s own', async () => {
    const foreign = await findMembershipId(cast.otherTeam);
    const disguised = `${foreign.slice(0, 39)}${cast.team.tenantUuid.replaceAll('-', '')}`;
    const rows = await readRows(app);
    for (const id of [foreign, disguised]) {
      const changed = await updateMembership(cast.owner.ask, id, { roleKeys: ['viewer'] });
      const removed = await mutate(cast.owner.ask, 'removeMember', { membershipId: id });
      expect([changed.code, removed.code]).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    }
    expect(await readRows(app)).toEqual(rows);
  });

  test('finds nothing through a session bound to another tenant', async () => {
    const own = await createTeam(app);
    await addMember(app, cast.team, own.owner, 'owner');
    const { membershipId } = await createMember(app, cast.team, 'member');
    const ask = await signInBound(app, own.owner, own.slug);
    const rows = await readRows(app);
    const { tenantId } = cast.team;
    expect((await updateMembership(ask, membershipId, { roleKeys: ['viewer'] })).code).toBe(
      'NOT_FOUND',
    );
    expect((await mutate(ask, 'removeMember', { membershipId })).code).toBe('NOT_FOUND');
    expect((await mutate(ask, 'leaveTenant', { tenantId })).code).toBe('NOT_FOUND');
    expect(await readRows(app)).toEqual(rows);
  });
});

describe('removeMember', () => {
  test.each(callerNames)('requires members:remove: %s', async (caller) => {
    const { membershipId, ask } = await createMember(app, cast.team, 'member');
    const rows = await readRows(app);
    const outcome = await mutate(cast.as[caller], 'removeMember', { membershipId });
    expect(outcome.code).toBe(codesOnMember[caller]);
    if (outcome.code !== null) {
      expect(await readRows(app)).toEqual(rows);
      return;
    }
    expect(outcome.value).toEqual({ removedMembershipId: membershipId });
    const variables = { id: cast.team.tenantId };
    const response = await ask('query ($id: ID!) { tenant(id: $id) { id } }', { variables });
    expect(response).toEqual({ data: { tenant: null } });
    const again = await mutate(cast.as[caller], 'removeMember', { membershipId });
    expect(again.code).toBe('NOT_FOUND');
  });

  test('ends the sessions that are bound to the tenant, and no others', async () => {
    const person = await createMember(app, cast.team, 'member');
    const bound = await signInBound(app, person, cast.team.slug);
    const email = '{ viewer { user { email } } }';
    expect((await bound(email)).data.viewer.user.email).toBe(person.email);
    await mutate(cast.owner.ask, 'removeMember', { membershipId: person.membershipId });
    expect((await bound(email)).data.viewer).toBeNull();
    expect((await person.ask(email)).data.viewer.user.email).toBe(person.email);
  });
});

describe('leaveTenant', () => {
  test.each(['admin', 'member', 'viewer'] as const)(
    'is allowed for every member: %s',
    async (role) => {
      const person = await createMember(app, cast.team, role);
      const { tenantId } = cast.team;
      const { value } = await mutate(person.ask, 'leaveTenant', { tenantId });
      expect(value).toEqual({ leftTenantId: tenantId });
      const { data } = await person.ask('{ viewer { memberships { edges { node { id } } } } }');
      expect(data.viewer.memberships.edges).toEqual([]);
      expect((await mutate(person.ask, 'leaveTenant', { tenantId })).code).toBe('NOT_FOUND');
    },
  );

  test.each([
    ['stranger', 'NOT_FOUND'],
    ['paused', 'NOT_FOUND'],
    ['platformAdmin', 'NOT_FOUND'],
    ['anonymous', 'UNAUTHENTICATED'],
  ] as const)('is rejected for a caller who is not a member: %s', async (caller, expected) => {
    const rows = await readRows(app);
    const { tenantId } = cast.team;
    const { code } = await mutate(cast.as[caller], 'leaveTenant', { tenantId });
    expect(code).toBe(expected);
    expect(await readRows(app)).toEqual(rows);
  });
});

describe('the input of updateMembership', () => {
  const invalidInputs: [string, string, unknown][] = [
    ['roleKeys', 'empty', []],
    ['roleKeys', 'more than twenty', Array.from({ length: 21 }, (_, index) => `role-${index}`)],
    ['roleKeys', 'unknown', ['boss']],
    ['roleKeys', 'known and unknown', ['member', 'boss']],
    ['roleKeys', 'in other case', ['Member']],
    ['roleKeys', 'an empty text', ['']],
    ['roleKeys', 'over-long', ['x'.repeat(10_000)]],
    ['roleKeys', 'with NUL', ['member\u0000']],
    ['roleKeys', 'with a lone surrogate', ['member\ud800']],
    ...invalidMetadata.map(([kind, value]): [string, string, unknown] => ['metadata', kind, value]),
  ];

  test.each(invalidInputs)(
    'is rejected by its field and changes nothing: %s, %s',
    async (field, _, value) => {
      const rows = await readRows(app);
      const changes = { isActive: false, [field]: value };
      const { code, path } = await updateMembership(
        cast.owner.ask,
        cast.member.membershipId,
        changes,
      );
      expect([code, path]).toEqual(['BAD_USER_INPUT', [field]]);
      expect(await readRows(app)).toEqual(rows);
    },
  );

  test.each(boundaryMetadata)('keeps metadata that is %s unchanged', async (_, metadata) => {
    const { value } = await updateMembership(cast.owner.ask, cast.member.membershipId, {
      metadata,
    });
    expect(value.membership.metadata).toEqual(metadata);
  });

  test('is not validated for an anonymous caller', async () => {
    for (const changes of [{ roleKeys: [] }, { metadata: [] }]) {
      const { code } = await updateMembership(app.ask, cast.member.membershipId, changes);
      expect(code).toBe('UNAUTHENTICATED');
    }
  });

  test('is rejected when it has a role key of another tenant', async () => {
    await app.owner.query(
      `insert into roles (tenant_id, key, name, permissions) values ($1, 'elsewhere', 'x', '{}')`,
      [cast.otherTeam.tenantUuid],
    );
    const changes = { roleKeys: ['elsewhere'] };
    const { code, path } = await updateMembership(
      cast.owner.ask,
      cast.member.membershipId,
      changes,
    );
    expect([code, path]).toEqual(['BAD_USER_INPUT', ['roleKeys']]);
  });
});

test('memberCount changes when a member is added, paused, resumed or removed, or leaves', async () => {
  const team = await createTeam(app);
  const count = async () => {
    const { data } = await team.owner.ask(
      'query ($id: ID!) { tenant(id: $id) { memberCount memberships { totalCount } } }',
      { variables: { id: team.tenantId } },
    );
    return [data.tenant.memberCount, data.tenant.memberships.totalCount];
  };
  expect(await count()).toEqual([1, 1]);
  const first = await createMember(app, team, 'member');
  const second = await createMember(app, team, 'member');
  expect(await count()).toEqual([3, 3]);
  await updateMembership(team.owner.ask, first.membershipId, { isActive: false });
  expect(await count()).toEqual([2, 3]);
  await updateMembership(team.owner.ask, first.membershipId, { isActive: false });
  expect(await count()).toEqual([2, 3]);
  await updateMembership(team.owner.ask, first.membershipId, { isActive: true });
  expect(await count()).toEqual([3, 3]);
  await updateMembership(team.owner.ask, first.membershipId, { isActive: false });
  await mutate(team.owner.ask, 'removeMember', { membershipId: first.membershipId });
  expect(await count()).toEqual([2, 2]);
  await mutate(second.ask, 'leaveTenant', { tenantId: team.tenantId });
  expect(await count()).toEqual([1, 1]);
});
