import { describe, expect, test } from 'vitest';
import { isValid, openSession, post, send, toOpenSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf } from '../support/mutate.ts';
import {
  addMember,
  createMember,
  createPerson,
  createTeam,
  type Person,
} from '../support/people.ts';

const app = describeApp();

describe('a session bound to one tenant', () => {
  test('acts in this tenant only, although its user belongs to more', async () => {
    const [team, other] = [await createTeam(app), await createTeam(app)];
    await addMember(app, other, team.owner, 'owner');
    const bound = await openSession(app, team.owner, team.slug);
    const { data } = await bound.ask(
      `query ($own: ID!, $other: ID!, $slug: String!) {
        own: tenant(id: $own) { slug } other: tenant(id: $other) { slug } bySlug: tenant(slug: $slug) { slug }
        viewer { session { tenant { slug } } memberships { edges { node { tenant { slug } } } }
          membership(tenantId: $other) { id } } }`,
      { variables: { own: team.tenantId, other: other.tenantId, slug: other.slug } },
    );
    expect(data).toEqual({
      own: { slug: team.slug },
      other: null,
      bySlug: null,
      viewer: {
        session: { tenant: { slug: team.slug } },
        memberships: { edges: [{ node: { tenant: { slug: team.slug } } }] },
        membership: null,
      },
    });
    const changed = await bound.ask(
      `mutation ($id: ID!) {
        updateTenant(input: { tenantId: $id, name: "Taken over" }) { ... on Error { code } }
        createTenant(input: { name: "One more" }) { ... on Error { code } } }`,
      { variables: { id: other.tenantId } },
    );
    expect(changed.data).toEqual({
      updateTenant: { code: 'NOT_FOUND' },
      createTenant: { code: 'FORBIDDEN' },
    });
  });

  test.each([
    ['the membership is paused', 'update user_tenants set is_active = false where user_id = $1'],
    ['the membership ends', 'delete from user_tenants where user_id = $1'],
    [
      'the tenant is suspended',
      `update tenants set status = 'suspended'
       where id in (select tenant_id from user_tenants where user_id = $1)`,
    ],
  ])('ends when %s, and the unbound session of the same user does not', async (_, change) => {
    const member = await createMember(app, await createTeam(app), 'member');
    const { data } = await member.ask(
      '{ viewer { memberships { edges { node { tenant { slug } } } } } }',
    );
    const bound = await openSession(app, member, data.viewer.memberships.edges[0].node.tenant.slug);
    expect(await isValid(bound)).toBe(true);
    await app.owner.query(change, [member.userUuid]);
    expect(await Promise.all([bound, member].map(isValid))).toEqual([false, true]);
  });
});

describe('signOut', () => {
  test('kills the token at once, and no other', async () => {
    const person = await createPerson(app);
    const other = await openSession(app, person);
    expect(await send(person.ask, 'signOut')).toEqual({
      code: null,
      path: null,
      value: { ok: true },
    });
    expect(await person.ask('{ viewer { user { id } } }')).toEqual({ data: { viewer: null } });
    expect(await send(person.ask, 'signOut')).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await isValid(other)).toBe(true);
  });

  test('makes nobody of the caller for the rest of the operation', async () => {
    const person = await createPerson(app);
    const answer = await person.ask(
      `mutation { signOut { ... on SignOutSuccess { ok } }
        updateProfile(input: { name: "A ghost" }) { __typename } }`,
    );
    expect(codeOf(answer)).toBe('UNAUTHENTICATED');
    const { rows } = await app.owner.query('select name from users where id = $1', [
      person.userUuid,
    ]);
    expect(rows).toEqual([{ name: null }]);
  });

  test('needs somebody who is signed in', async () => {
    expect(await send(app.ask, 'signOut')).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('switchTenant', () => {
  test('answers a new bound token and kills the old one, and null unbinds again', async () => {
    const team = await createTeam(app);
    const { value } = await send(team.owner.ask, 'switchTenant', { tenantId: team.tenantId });
    expect(value).toMatchObject({
      session: { isCurrent: true, tenant: { slug: team.slug } },
      user: { id: team.owner.userId },
    });
    const bound = toOpenSession(app, value.token);
    expect(await Promise.all([team.owner, bound].map(isValid))).toEqual([false, true]);
    const unbound = await send(bound.ask, 'switchTenant', { tenantId: null });
    expect(unbound.value.session).toMatchObject({ isCurrent: true, tenant: null });
    const last = toOpenSession(app, unbound.value.token);
    expect(await Promise.all([bound, last].map(isValid))).toEqual([false, true]);
    const { rows } = await app.owner.query(
      'select count(*)::int as count from sessions where user_id = $1',
      [team.owner.userUuid],
    );
    expect(rows).toEqual([{ count: 1 }]);
  });

  test('to a foreign, absent or malformed tenant is refused with the same bytes', async () => {
    const team = await createTeam(app);
    const stranger = await createPerson(app);
    const paused = await createMember(app, team, 'owner');
    await app.owner.query('update user_tenants set is_active = false where user_id = $1', [
      paused.userUuid,
    ]);
    const absent = `tenant_${'0'.repeat(32)}`;
    const asks: [Person, string][] = [
      [stranger, team.tenantId],
      [stranger, absent],
      [stranger, 'tenant_x\0'],
      [stranger, stranger.userId],
      [paused, team.tenantId],
    ];
    const texts = new Set<string>();
    for (const [{ token }, tenantId] of asks) {
      const query = `mutation ($input: SwitchTenantInput!) { switchTenant(input: $input) {
        __typename ... on Error { code message path } } }`;
      const authorization = `Bearer ${token}`;
      const { text } = await post(
        app,
        { query, variables: { input: { tenantId } } },
        { authorization },
      );
      texts.add(text);
    }
    expect([...texts]).toEqual([expect.stringContaining('"code":"NOT_FOUND"')]);
    expect(await Promise.all([stranger, paused].map(isValid))).toEqual([true, true]);
  });

  test('needs somebody who is signed in', async () => {
    const { tenantId } = await createTeam(app);
    for (const input of [{ tenantId }, {}]) {
      expect(await send(app.ask, 'switchTenant', input)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  test('sent twice at once opens one session only', async () => {
    const team = await createTeam(app);
    const input = { tenantId: team.tenantId };
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => send(team.owner.ask, 'switchTenant', input)),
    );
    const opened = outcomes.filter(({ code }) => code === null);
    expect(opened).toHaveLength(1);
    expect(await isValid(toOpenSession(app, opened[0]?.value.token))).toBe(true);
  });
});
