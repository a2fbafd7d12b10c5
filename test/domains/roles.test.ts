import { beforeAll, describe, expect, test } from 'vitest';
import { type Ask, type Cast, callerNames, createCast, signInBound } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, mutate } from '../support/mutate.ts';
import { addMember, createMember, createTeam, type Team } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

type RoleFields = { id: string; key: string; permissions: string[]; isBuiltIn: boolean };
type PermissionFields = { key: string; title: string; description: string; isDangerous: boolean };

async function listPermissions(ask: Ask): Promise<PermissionFields[]> {
  const { data } = await ask('{ permissions { key title description isDangerous } }');
  return data.permissions;
}

async function listRoles(ask: Ask, { tenantId }: Team): Promise<RoleFields[]> {
  const { data, errors } = await ask(
    'query ($id: ID!) { tenant(id: $id) { roles { id key name description permissions isBuiltIn } } }',
    { variables: { id: tenantId } },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.tenant?.roles ?? null;
}

describe('permissions', () => {
  test('are described to everyone, once each', async () => {
    const catalogue = await listPermissions(app.ask);
    expect(new Set(catalogue.map(({ key }) => key)).size).toBe(catalogue.length);
    for (const { key, title, description } of catalogue) {
      expect(key).toMatch(/^[a-z-]+:[a-z-]+$/);
      expect(title.length).toBeGreaterThan(3);
      expect(description.length).toBeGreaterThan(10);
    }
    expect(await listPermissions(cast.viewer.ask)).toEqual(catalogue);
  });

  test('that change members or the tenant are marked as dangerous, those that read are not', async () => {
    const catalogue = await listPermissions(app.ask);
    const risk = Object.fromEntries(catalogue.map(({ key, isDangerous }) => [key, isDangerous]));
    expect(risk).toMatchObject({
      'tenant:own': true,
      'tenant:delete': true,
      'members:update': true,
      'members:remove': true,
      'tenant:read': false,
      'members:read': false,
      'roles:read': false,
    });
  });
});

describe('Tenant.roles', () => {
  test.each(callerNames)('require roles:read: %s', async (caller) => {
    const roles = await listRoles(cast.as[caller], cast.team);
    if (['paused', 'stranger', 'anonymous'].includes(caller)) expect(roles).toBeNull();
    else expect(roles.length).toBeGreaterThanOrEqual(4);
  });

  test('are rejected for a member without roles:read, who still sees the tenant', async () => {
    await app.owner.query(
      `insert into roles (tenant_id, key, name, permissions) values ($1, 'blind', 'x', '{tenant:read}')`,
      [cast.team.tenantUuid],
    );
    const { ask } = await createMember(app, cast.team, 'blind');
    const variables = { id: cast.team.tenantId };
    const roles = await ask('query ($id: ID!) { tenant(id: $id) { roles { key } } }', {
      variables,
    });
    expect(codeOf(roles)).toBe('FORBIDDEN');
    const name = await ask('query ($id: ID!) { tenant(id: $id) { slug } }', { variables });
    expect(name).toEqual({ data: { tenant: { slug: cast.team.slug } } });
    const own = await ask(
      'query ($id: ID!) { viewer { membership(tenantId: $id) { permissions roles { key } } } }',
      { variables },
    );
    expect(own.data.viewer.membership).toEqual({
      permissions: ['tenant:read'],
      roles: [{ key: 'blind' }],
    });
  });

  test('that are built in are the same in every tenant, with different ids', async () => {
    const [first, second] = [await createTeam(app), await createTeam(app)];
    const here = await listRoles(first.owner.ask, first);
    const there = await listRoles(second.owner.ask, second);
    const withoutId = ({ id: _, ...fields }: RoleFields) => fields;
    expect(here.map(withoutId)).toEqual(there.map(withoutId));
    expect(here.map(({ key }) => key)).toEqual(['admin', 'member', 'owner', 'viewer']);
    expect(here.every(({ isBuiltIn }) => isBuiltIn)).toBe(true);
    expect(new Set([...here, ...there].map(({ id }) => id)).size).toBe(8);
  });

  test('grant the owner every permission, and the admin every one but ownership', async () => {
    const all = (await listPermissions(app.ask)).map(({ key }) => key).toSorted();
    const roles = await listRoles(cast.owner.ask, cast.team);
    const byKey = new Map(roles.map(({ key, permissions }) => [key, permissions.toSorted()]));
    expect(byKey.get('owner')).toEqual(all);
    expect(byKey.get('admin')).toEqual(
      all.filter((key) => key !== 'tenant:own' && key !== 'tenant:delete'),
    );
    expect(byKey.get('member')).toEqual(['members:read', 'roles:read', 'tenant:read']);
    expect(byKey.get('viewer')).toEqual(['roles:read', 'tenant:read']);
  });

  test('are sorted with built-in ones first, then the tenant’s own by key', async () => {
    const team = await createTeam(app);
    await app.owner.query(
      `insert into roles (tenant_id, key, name, description, permissions) values
         ($1, 'zeta', 'Zeta', null, '{}'), ($1, 'alpha', 'Alpha', 'First.', '{tenant:read}')`,
      [team.tenantUuid],
    );
    const roles = await listRoles(team.owner.ask, team);
    expect(roles.map(({ key }) => key)).toEqual([
      'admin',
      'member',
      'owner',
      'viewer',
      'alpha',
      'zeta',
    ]);
    expect(roles[4]).toMatchObject({
      name: 'Alpha',
      description: 'First.',
      isBuiltIn: false,
      permissions: ['tenant:read'],
    });
    expect(roles[5]).toMatchObject({ description: null, permissions: [] });
  });

  test('of other tenants are hidden from a session bound to one tenant', async () => {
    const own = await createTeam(app);
    await addMember(app, cast.team, own.owner, 'owner');
    const ask = await signInBound(app, own.owner, own.slug);
    expect(await listRoles(ask, cast.team)).toBeNull();
    expect(await listRoles(ask, own)).toHaveLength(4);
    expect((await listRoles(own.owner.ask, cast.team)).length).toBeGreaterThanOrEqual(4);
  });
});

describe('Role.memberCount', () => {
  const query = 'query ($id: ID!) { tenant(id: $id) { roles { key memberCount } } }';

  async function countByKey(team: Team, ask = team.owner.ask): Promise<Record<string, number>> {
    const { data } = await ask(query, { variables: { id: team.tenantId } });
    type Counted = { key: string; memberCount: number };
    return Object.fromEntries(
      data.tenant.roles.map(({ key, memberCount }: Counted) => [key, memberCount]),
    );
  }

  test('requires members:read', async () => {
    const variables = { id: cast.team.tenantId };
    expect(codeOf(await cast.viewer.ask(query, { variables }))).toBe('FORBIDDEN');
    for (const caller of ['owner', 'admin', 'member', 'platformAdmin'] as const) {
      expect((await cast.as[caller](query, { variables })).errors).toBeUndefined();
    }
    for (const caller of ['paused', 'stranger', 'anonymous'] as const) {
      expect(await cast.as[caller](query, { variables })).toEqual({ data: { tenant: null } });
    }
  });

  test('changes when a member gets, changes or loses the role; other tenants do not count', async () => {
    const team = await createTeam(app);
    const first = await createMember(app, team, 'member');
    const second = await createMember(app, team, 'member', 'viewer');
    expect(await countByKey(team)).toEqual({ owner: 1, admin: 0, member: 2, viewer: 1 });
    const change = (membershipId: string, roleKeys: string[]) =>
      mutate(team.owner.ask, 'updateMembership', { membershipId, roleKeys });
    await change(first.membershipId, ['admin', 'viewer']);
    expect(await countByKey(team)).toEqual({ owner: 1, admin: 1, member: 1, viewer: 2 });
    await mutate(team.owner.ask, 'removeMember', { membershipId: second.membershipId });
    expect(await countByKey(team)).toEqual({ owner: 1, admin: 1, member: 0, viewer: 1 });
    expect(await countByKey(team, cast.platformAdmin.ask)).toEqual(await countByKey(team));
    expect(await countByKey(await createTeam(app))).toMatchObject({ owner: 1, member: 0 });
  });

  test('is returned for a single role that is found by its id', async () => {
    const [role] = await listRoles(cast.owner.ask, cast.team);
    const count = 'query ($id: ID!) { node(id: $id) { ... on Role { key memberCount } } }';
    const variables = { id: role?.id };
    const { data } = await cast.member.ask(count, { variables });
    expect(data.node).toEqual({ key: 'admin', memberCount: 1 });
    expect(codeOf(await cast.viewer.ask(count, { variables }))).toBe('FORBIDDEN');
    expect(await cast.as.stranger(count, { variables })).toEqual({ data: { node: null } });
  });
});
