import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Ask,
  type CallerName,
  type Cast,
  callerNames,
  createCast,
  signInBound,
} from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, invalidMetadata, mutate, pathOf } from '../support/mutate.ts';
import { addMember, createMember, createPerson, createTeam } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

describe('user', () => {
  const query = `query ($id: ID, $email: String) { user(id: $id, email: $email) {
    id email viewerPermissions } }`;

  test.each(callerNames)(
    'is oneself, or anybody for a platform administrator: %s',
    async (name) => {
      const { userId: id, email } = cast.member;
      // Nobody but the person changes a profile, so nobody else is told that they may.
      const rights = name === 'member' ? ['user:update'] : ['user:suspend'];
      const seen = { id, email, viewerPermissions: ['user:read', ...rights, 'user:erase'] };
      const user = name === 'member' || name === 'platformAdmin' ? seen : null;
      for (const variables of [{ id }, { email }]) {
        const answer = await cast.as[name](query, { variables });
        if (name === 'anonymous') expect(codeOf(answer)).toBe('UNAUTHENTICATED');
        else expect(answer).toEqual({ data: { user } });
      }
    },
  );

  test('is the same to any spelling of the address', async () => {
    const [local, domain] = cast.member.email.split('@');
    for (const email of [cast.member.email.toUpperCase(), `${local}@${domain?.toUpperCase()}`]) {
      const own = await cast.member.ask(query, { variables: { email } });
      expect(own.data.user.id).toBe(cast.member.userId);
      const others = await cast.platformAdmin.ask(query, { variables: { email } });
      expect(others.data.user.id).toBe(cast.member.userId);
    }
  });

  test('is null for an address that nobody has, as for a stranger’s', async () => {
    const variables = { email: 'nobody@nowhere.example' };
    for (const ask of [cast.member.ask, cast.platformAdmin.ask]) {
      expect(await ask(query, { variables })).toEqual({ data: { user: null } });
    }
  });

  test.each(['', 'x', 'a@b', 'a b@example.com', 'a\u0000@example.com', 'a\ud800@example.com'])(
    'is refused for the malformed address %j',
    async (email) => {
      const answer = await cast.platformAdmin.ask(query, { variables: { email } });
      expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['email']]);
    },
  );

  test('is refused with neither or both of id and email', async () => {
    for (const variables of [{}, { id: 'x', email: 'a@b.example' }]) {
      const answer = await cast.platformAdmin.ask(query, { variables });
      expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['id', 'email']]);
    }
  });

  test('may be read but not changed by a co-member', async () => {
    const answer = await cast.admin.ask(
      'query ($id: ID!) { node(id: $id) { ... on User { email viewerPermissions } } }',
      { variables: { id: cast.member.userId } },
    );
    const { email } = cast.member;
    expect(answer.data.node).toEqual({ email, viewerPermissions: ['user:read'] });
  });
});

describe('users', () => {
  const query = `query ($where: UserWhere, $orderBy: UserOrder) {
    users(first: 100, where: $where, orderBy: $orderBy) { edges { node { email } } } }`;

  async function listEmails(where: object | null, orderBy: object | null = null) {
    const answer = await cast.platformAdmin.ask(query, { variables: { where, orderBy } });
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data.users.edges.map(({ node }: { node: { email: string } }) => node.email);
  }

  const ada = 'ada.lovelace@engines.example';
  const grace = 'grace_hopper@navy.example';

  beforeAll(async () => {
    const first = await createPerson(app, ada);
    await mutate(first.ask, 'updateProfile', { name: 'Ada King', metadata: { desk: { no: 7 } } });
    const second = await createPerson(app, grace);
    await mutate(second.ask, 'updateProfile', { name: '100% Grace', metadata: { desk: null } });
  });

  test.each(callerNames)('are listed for platform administrators only: %s', async (caller) => {
    const answer = await cast.as[caller]('{ users { totalCount edges { node { id } } } }');
    const codes: Partial<Record<CallerName, string | null>> = {
      platformAdmin: null,
      anonymous: 'UNAUTHENTICATED',
    };
    expect(codeOf(answer)).toBe(caller in codes ? codes[caller] : 'FORBIDDEN');
    if (caller !== 'platformAdmin') expect(JSON.stringify(answer)).not.toContain('totalCount');
  });

  test.each([
    ['lovelace', [ada]],
    ['lovelaec', [ada]],
    ['ADA KING', [ada]],
    ['grace_hop', [grace]],
    ['0% gra', [grace]],
    ['%%%', []],
    ['____', []],
    ["' or 1=1 --", []],
  ])('are searched by %j in address and name', async (search, emails) => {
    expect(await listEmails({ search })).toEqual(emails);
  });

  test.each(['', 'ab', 'x'.repeat(101), 'a\u0000bc', 'abc\ud800'])(
    'a search for %j is refused',
    async (search) => {
      const answer = await cast.platformAdmin.ask(query, { variables: { where: { search } } });
      expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['search']]);
    },
  );

  test('are narrowed by status and by metadata', async () => {
    await app.owner.query(`update users set status = 'suspended' where email = $1`, [grace]);
    expect(await listEmails({ status: 'SUSPENDED' })).toEqual([grace]);
    expect(await listEmails({ status: 'SUSPENDED', search: 'lovelace' })).toEqual([]);
    expect(await listEmails({ status: 'ACTIVE' })).not.toContain(grace);
    expect(await listEmails({ metadata: { desk: { no: 7 } } })).toEqual([ada]);
    expect(await listEmails({ metadata: { desk: { no: 8 } } })).toEqual([]);
  });

  test.each(invalidMetadata)('metadata to look for that is %s is refused', async (_, metadata) => {
    const answer = await cast.platformAdmin.ask(query, { variables: { where: { metadata } } });
    expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['metadata']]);
  });

  test('come newest first, or in the order asked for', async () => {
    const newestFirst = await listEmails(null);
    expect(newestFirst.slice(0, 2)).toEqual([grace, ada]);
    expect(await listEmails(null, { field: 'CREATED_AT' })).toEqual(newestFirst.toReversed());
    // The database's collation may differ from JavaScript's, but not within one case of ASCII.
    const byEmail = await listEmails(null, { field: 'EMAIL' });
    expect(byEmail[0]).toBe(ada);
    expect(byEmail.toSorted()).toEqual(newestFirst.toSorted());
    expect(await listEmails(null, { field: 'EMAIL', direction: 'DESC' })).toEqual(
      byEmail.toReversed(),
    );
  });

  test('whose address or name contains the words are found alone, without what resembles them', async () => {
    const similar = await createPerson(app, 'lovelacy@crowd.example');
    expect(await listEmails({ search: 'lovelace' })).toEqual([ada]);
    expect(await listEmails({ search: 'lovelaec' })).toEqual([similar.email, ada]);
  });
});

describe('User.memberships', () => {
  /** In which tenants each caller sees somebody, in the order shown. */
  async function listTenantsOf(ask: Ask, userId: string) {
    const { data } = await ask(
      `query ($id: ID!) { node(id: $id) { ... on User {
        memberships { edges { node { isActive tenant { id } } } } } } }`,
      { variables: { id: userId } },
    );
    type Edge = { node: { tenant: { id: string } } };
    return data.node?.memberships.edges.map(({ node }: Edge) => node.tenant.id) ?? null;
  }

  test('show a co-member the shared tenants only, and a stranger none', async () => {
    const [shared, secret] = [await createTeam(app), await createTeam(app)];
    const person = await createMember(app, shared, 'member');
    await addMember(app, secret, person, 'member');
    const coMember = await createMember(app, shared, 'member');
    const withoutRight = await createMember(app, shared, 'viewer');
    const stranger = await createTeam(app);

    const both = [shared.tenantId, secret.tenantId];
    expect(await listTenantsOf(person.ask, person.userId)).toEqual(both);
    expect(await listTenantsOf(cast.platformAdmin.ask, person.userId)).toEqual(both);
    expect(await listTenantsOf(coMember.ask, person.userId)).toEqual([shared.tenantId]);
    expect(await listTenantsOf(shared.owner.ask, person.userId)).toEqual([shared.tenantId]);
    expect(await listTenantsOf(secret.owner.ask, person.userId)).toEqual([secret.tenantId]);
    expect(await listTenantsOf(withoutRight.ask, person.userId)).toBeNull();
    expect(await listTenantsOf(stranger.owner.ask, person.userId)).toBeNull();
    expect(await listTenantsOf(app.ask, person.userId)).toBeNull();
  });

  test('of an owner whom a mere viewer sees stay hidden from the viewer', async () => {
    const { data } = await cast.viewer.ask(
      `query ($id: ID!) { tenant(id: $id) { owners { memberships { edges { node { id } } } } } }`,
      { variables: { id: cast.team.tenantId } },
    );
    expect(data.tenant.owners).toEqual([{ memberships: { edges: [] } }]);
  });

  test('that are paused are seen by the tenant, but no longer by their user', async () => {
    const team = await createTeam(app);
    const person = await createMember(app, team, 'member');
    const { membershipId } = person;
    await mutate(team.owner.ask, 'updateMembership', { membershipId, isActive: false });
    expect(await listTenantsOf(team.owner.ask, person.userId)).toEqual([team.tenantId]);
    expect(await listTenantsOf(person.ask, person.userId)).toEqual([]);
    expect(await listTenantsOf(person.ask, team.owner.userId)).toBeNull();
  });

  test('are one’s own in one tenant only through a session bound to it', async () => {
    const [here, elsewhere] = [await createTeam(app), await createTeam(app)];
    const person = await createMember(app, here, 'member');
    await addMember(app, elsewhere, person, 'member');
    await addMember(app, elsewhere, here.owner, 'member');
    const ask = await signInBound(app, person, here.slug);
    expect(await listTenantsOf(ask, person.userId)).toEqual([here.tenantId]);
    expect(await listTenantsOf(ask, here.owner.userId)).toEqual([here.tenantId]);
    expect(await listTenantsOf(ask, elsewhere.owner.userId)).toBeNull();
    expect(await listTenantsOf(person.ask, elsewhere.owner.userId)).toEqual([elsewhere.tenantId]);
  });
});
