import { describe, expect, test } from 'vitest';
import { openSession, post } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, pathOf } from '../support/mutate.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

const app = describeApp();

const edges = 'edges { cursor node { id isCurrent } } pageInfo { hasNextPage endCursor }';
const idsOf = (page: { edges: { node: { id: string } }[] }) =>
  page.edges.map(({ node }) => node.id);
const ownId = async ({ ask }: { ask: Person['ask'] }): Promise<string> =>
  (await ask('{ viewer { session { id } } }')).data.viewer.session.id;

describe('viewer', () => {
  test('is null for anonymous callers', async () => {
    const { status, text } = await post(app, { query: '{ viewer { user { id } } }' });
    expect([status, text]).toEqual([200, '{"data":{"viewer":null}}']);
  });

  test('is the caller with its own session', async () => {
    const person = await createPerson(app);
    const { data } = await person.ask(
      `{ viewer { user { id email } session { isCurrent user { id } } isPlatformAdmin } }`,
    );
    expect(data.viewer).toEqual({
      user: { id: person.userId, email: person.email },
      session: { isCurrent: true, user: { id: person.userId } },
      isPlatformAdmin: false,
    });
  });
});

describe('viewer.sessions', () => {
  test('pages through all of the caller, newest first, exactly one of them current', async () => {
    const person = await createPerson(app);
    await openSession(app, await createPerson(app));
    const opened = [await ownId(person)];
    for (let count = 0; count < 4; count += 1) opened.push((await openSession(app, person)).id);
    const seen: string[] = [];
    const current: string[] = [];
    for (let after: string | null = null, hasMore = true; hasMore; ) {
      const query = `query ($after: String) { viewer { sessions(first: 2, after: $after) { ${edges} } } }`;
      const { data } = await person.ask(query, { variables: { after } });
      const page: Page = data.viewer.sessions;
      seen.push(...idsOf(page));
      current.push(...page.edges.filter(({ node }) => node.isCurrent).map(({ node }) => node.id));
      after = page.pageInfo.endCursor;
      hasMore = page.pageInfo.hasNextPage;
    }
    expect(seen).toEqual(opened.toReversed());
    expect(current).toEqual([opened[0]]);
  });

  test('takes no cursor of another person, no broken one and no size out of bounds', async () => {
    const [person, stranger] = [await createPerson(app), await createPerson(app)];
    const { data } = await stranger.ask(`{ viewer { sessions { ${edges} } } }`);
    const foreign = data.viewer.sessions.edges[0].cursor;
    const faulty: [string, unknown][] = [
      ['after', foreign],
      ['after', 'no cursor'],
      ['after', ''],
      ['after', 'a\0b'],
      ['after', '\ud800'],
      ['first', 101],
      ['first', 0],
      ['first', -1],
    ];
    for (const [name, value] of faulty) {
      const type = name === 'first' ? 'Int' : 'String';
      const answer = await person.ask(
        `query ($value: ${type}) { viewer { sessions(${name}: $value) { ${edges} } } }`,
        { variables: { value } },
      );
      expect([value, codeOf(answer), pathOf(answer)]).toEqual([value, 'BAD_USER_INPUT', [name]]);
    }
  });
});

type Page = {
  edges: { node: { id: string; isCurrent: boolean } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
};

describe('User.sessions', () => {
  const query = `query ($id: ID!) { node(id: $id) { ... on User { sessions { ${edges} } } } }`;

  test("shows one's own, and anybody's to platform administrators", async () => {
    const person = await createPerson(app);
    const admin = await createPlatformAdmin(app);
    const variables = { id: person.userId };
    const [own, seen] = await Promise.all(
      [person, admin].map(({ ask }) => ask(query, { variables })),
    );
    expect(idsOf(own?.data.node.sessions)).toEqual([await ownId(person)]);
    expect(idsOf(seen?.data.node.sessions)).toEqual([await ownId(person)]);
    expect(seen?.data.node.sessions.edges[0].node.isCurrent).toBe(false);
  });

  test('is refused to fellow members, even the owner, and to strangers there is no user', async () => {
    const team = await createTeam(app);
    const member = await createMember(app, team, 'member');
    const variables = { id: member.userId };
    for (const { ask } of [team.owner, await createMember(app, team, 'admin')]) {
      const answer = await ask(query, { variables });
      expect([answer.data, codeOf(answer)]).toEqual([{ node: null }, 'FORBIDDEN']);
    }
    const stranger = await createPerson(app);
    for (const ask of [stranger.ask, app.ask]) {
      expect(await ask(query, { variables })).toEqual({ data: { node: null } });
    }
  });
});

/** A tenant with a bound and an unbound session of its owner and of a member. */
async function createTeamWithSessions() {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const ownerBound = await openSession(app, team.owner, team.slug);
  const memberBound = await openSession(app, member, team.slug);
  return { team, member, ownerBound, memberBound };
}

describe('Tenant.sessions', () => {
  const query = `query ($id: ID!) { tenant(id: $id) { sessions(first: 50) {
    edges { node { id isCurrent user { email } tenant { slug } } } } } }`;

  test('shows those bound to the tenant, with their users, to its owner and admins', async () => {
    const { team, member, ownerBound, memberBound } = await createTeamWithSessions();
    await createTeamWithSessions();
    const admin = await createMember(app, team, 'admin');
    for (const { ask } of [team.owner, admin, await createPlatformAdmin(app)]) {
      const { data } = await ask(query, { variables: { id: team.tenantId } });
      const nodes = data.tenant.sessions.edges.map(({ node }: { node: unknown }) => node);
      const tenant = { slug: team.slug };
      expect(nodes).toEqual([
        { id: memberBound.id, isCurrent: false, user: { email: member.email }, tenant },
        { id: ownerBound.id, isCurrent: false, user: { email: team.owner.email }, tenant },
      ]);
    }
  });

  test('is refused without sessions:read, and to strangers there is no tenant', async () => {
    const { team, memberBound } = await createTeamWithSessions();
    const variables = { id: team.tenantId };
    for (const { ask } of [memberBound, await createMember(app, team, 'viewer')]) {
      const answer = await ask(query, { variables });
      expect([answer.data, codeOf(answer)]).toEqual([{ tenant: null }, 'FORBIDDEN']);
    }
    const { owner: stranger } = await createTeam(app);
    for (const ask of [stranger.ask, app.ask]) {
      expect(await ask(query, { variables })).toEqual({ data: { tenant: null } });
    }
  });

  test('shows the users also to a role that may read sessions but not members', async () => {
    const { team, memberBound } = await createTeamWithSessions();
    const auditor = await createMember(app, team, 'viewer');
    await addRole(team, auditor, ['sessions:read']);
    const { data, errors } = await auditor.ask(query, { variables: { id: team.tenantId } });
    expect(errors).toBeUndefined();
    expect(idsOf(data.tenant.sessions)).toContain(memberBound.id);
  });
});

/** Gives a member one more role, of its own. */
async function addRole(team: Team, { userUuid }: Person, permissions: string[]): Promise<void> {
  await app.owner.query(
    `with role as (
       insert into roles (tenant_id, key, name, permissions) values ($1, 'own-one', 'Own', $3)
       returning id)
     insert into membership_roles (tenant_id, membership_id, role_id)
     select $1, m.id, role.id from user_tenants m, role where m.tenant_id = $1 and m.user_id = $2`,
    [team.tenantUuid, userUuid, permissions],
  );
}
