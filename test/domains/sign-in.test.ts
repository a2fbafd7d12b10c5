import { afterEach, describe, expect, test, vi } from 'vitest';
import { listStatementsOf } from '../support/app.ts';
import { isValid, openSession, post, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, readRows } from '../support/mutate.ts';
import { createMember, createPerson, createTeam, type Person } from '../support/people.ts';

const app = describeApp();
afterEach(() => vi.restoreAllMocks());

const day = 86_400_000;

describe('signIn', () => {
  test('opens a session of its own each time and leaves the others open', async () => {
    const person = await createPerson(app);
    const one = await openSession(app, person);
    const other = await openSession(app, person);
    expect(new Set([person.token, one.token, other.token]).size).toBe(3);
    expect(await Promise.all([person, one, other].map(isValid))).toEqual([true, true, true]);
    const { data } = await one.ask('{ viewer { user { id } session { id } } }');
    expect(data.viewer).toEqual({ user: { id: person.userId }, session: { id: one.id } });
  });

  test('says where the session came from and when it ends', async () => {
    const { email, password } = await createPerson(app);
    const { data } = await app.ask(
      `mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess {
        user { lastSignInAt } session { ip userAgent isCurrent tenant { id } user { email }
          createdAt lastSeenAt idleExpiresAt expiresAt } } } }`,
      { variables: { input: { email, password } }, headers: { 'user-agent': 'x'.repeat(600) } },
    );
    const { session, user } = data.signIn;
    expect(session).toMatchObject({
      ip: '127.0.0.1',
      userAgent: 'x'.repeat(512),
      isCurrent: true,
      tenant: null,
      user: { email },
    });
    const created = Date.parse(session.createdAt);
    expect(Date.parse(session.lastSeenAt)).toBe(created);
    expect(Date.parse(user.lastSignInAt)).toBe(created);
    expect(Date.parse(session.idleExpiresAt)).toBe(created + day);
    expect(Date.parse(session.expiresAt)).toBe(created + 30 * day);
  });

  test('gives platform administrators half an hour idle and twelve hours in all', async () => {
    const admin = await createPerson(app);
    await app.owner.query('update users set is_platform_admin = true where id = $1', [
      admin.userUuid,
    ]);
    const { ask } = await openSession(app, admin);
    const { data } = await ask('{ viewer { session { lastSeenAt idleExpiresAt expiresAt } } }');
    const { lastSeenAt, idleExpiresAt, expiresAt } = data.viewer.session;
    expect(Date.parse(idleExpiresAt) - Date.parse(lastSeenAt)).toBe(day / 48);
    expect(Date.parse(expiresAt) - Date.parse(lastSeenAt)).toBe(day / 2);
  });

  test('knows an address in every spelling', async () => {
    const person = await createPerson(app, 'anna.k@bücher.example');
    for (const email of ['Anna.K@BÜCHER.example', 'anna.k@xn--bcher-kva.EXAMPLE']) {
      expect(await openSession(app, { ...person, email })).toMatchObject({
        id: expect.any(String),
      });
    }
  });

  test('of a malformed address is refused as bad input, without any work', async () => {
    const statements = await listStatementsOf(app, async () => {
      for (const email of ['', 'nobody', 'a@b', 'a@b.example\0', 'a\ud800@b.example']) {
        const rejection = { code: 'BAD_USER_INPUT', path: ['email'] };
        expect(await send(app.ask, 'signIn', { email, password: 'any' })).toMatchObject(rejection);
      }
    });
    expect(statements).toEqual([]);
  });
});

describe('a sign-in that is refused', () => {
  /** Inputs that are all answered alike; each has an account of its own, for the budgets. */
  async function listRefused(): Promise<[string, object][]> {
    const team = await createTeam(app);
    const foreign = await createTeam(app);
    const [wrong, suspended, outsider, lost, paused, closed] = await Promise.all([
      createPerson(app),
      createPerson(app),
      createPerson(app),
      createPerson(app),
      createMember(app, team, 'member'),
      createMember(app, foreign, 'member'),
    ]);
    await app.owner.query(`update users set status = 'suspended' where id = $1`, [
      suspended.userUuid,
    ]);
    await app.owner.query('update user_tenants set is_active = false where user_id = $1', [
      paused.userUuid,
    ]);
    await app.owner.query(`update tenants set status = 'suspended' where id = $1`, [
      foreign.tenantUuid,
    ]);
    const of = ({ email, password }: Person, more = {}) => ({ email, password, ...more });
    return [
      ['an unknown e-mail', { email: 'nobody@people.example', password: wrong.password }],
      ['a wrong password', of(wrong, { password: 'not the password of anybody' })],
      ['an over-long password', of(wrong, { password: wrong.password.padEnd(2_000, 'x') })],
      ['an empty password', of(wrong, { password: '' })],
      ['a suspended user', of(suspended)],
      ['a tenant of others', of(outsider, { tenantSlug: team.slug })],
      ['an absent tenant', of(lost, { tenantSlug: 'no-such-tenant' })],
      ['a paused membership', of(paused, { tenantSlug: team.slug })],
      ['a suspended tenant', of(closed, { tenantSlug: foreign.slug })],
    ];
  }

  test('answers with the same bytes and does one check, whatever the reason', async () => {
    const { passwords } = app.app.runtime;
    const refused = await listRefused();
    const before = await readRows(app);
    const answers = new Map<string, string[]>();
    for (const [reason, input] of refused) {
      const verify = vi.spyOn(passwords, 'verify');
      const hash = vi.spyOn(passwords, 'hash');
      const { status, text } = await post(app, {
        query: `mutation ($input: SignInInput!) { signIn(input: $input) {
          __typename ... on Error { code message path } } }`,
        variables: { input },
      });
      const seen = `${status} ${text} ${verify.mock.calls.length} ${hash.mock.calls.length}`;
      answers.set(seen, [...(answers.get(seen) ?? []), reason]);
      vi.restoreAllMocks();
    }
    expect([...answers.keys()]).toEqual([
      expect.stringMatching(/^200 .*"__typename":"InvalidCredentialsError","code":"UNAUTH.* 1 0$/),
    ]);
    expect(await readRows(app)).toEqual(before);
  });

  test('takes two statements: one before the hash and one after it', async () => {
    const { email, password } = await createPerson(app);
    const statements = await listStatementsOf(app, () =>
      send(app.ask, 'signIn', { email, password }),
    );
    const own = statements.filter((text) => !text.includes('enter_scope('));
    expect(own).toEqual([
      expect.stringContaining('from begin_sign_in('),
      expect.stringContaining('from sign_in('),
    ]);
  });

  test('costs the same statements for an unknown e-mail as for a wrong password', async () => {
    const { email } = await createPerson(app);
    const password = 'not the password of anybody';
    const known = await listStatementsOf(app, () => send(app.ask, 'signIn', { email, password }));
    const unknown = await listStatementsOf(app, () =>
      send(app.ask, 'signIn', { email: 'nobody-else@people.example', password }),
    );
    expect(unknown).toEqual(known);
  });

  test('leaves the caller who it was', async () => {
    const person = await createPerson(app);
    const { data } = await person.ask(
      `mutation ($input: SignInInput!) {
        signIn(input: $input) { ... on Error { code } }
        updateProfile(input: { name: "Still me" }) {
          ... on UpdateProfileSuccess { user { id name } } } }`,
      { variables: { input: { email: 'nobody-at-all@people.example', password: 'x' } } },
    );
    expect(data).toEqual({
      signIn: { code: 'UNAUTHENTICATED' },
      updateProfile: { user: { id: person.userId, name: 'Still me' } },
    });
  });
});

describe('one operation with several principals', () => {
  const facts = `id email memberships { edges { node { permissions tenant { slug viewerPermissions } } } }
    sessions { edges { node { id isCurrent } } }`;

  test('shows each its own: nothing loaded for one answers another', async () => {
    const team = await createTeam(app);
    const first = await createMember(app, team, 'member');
    const second = team.owner;
    const { data } = await first.ask(
      `mutation ($input: SignInInput!) {
        before: updateProfile(input: {}) { ... on UpdateProfileSuccess { user { ${facts} } } }
        signIn(input: $input) { ... on SignInSuccess { session { id isCurrent } user { ${facts} } } }
        after: updateProfile(input: {}) { ... on UpdateProfileSuccess { user { ${facts} } } } }`,
      { variables: { input: { email: second.email, password: second.password } } },
    );
    const { before, signIn, after } = data;
    expect([before.user.email, after.user.email]).toEqual([first.email, second.email]);
    expect(after.user).toEqual(signIn.user);
    const permissionsOf = ({ memberships }: typeof before.user) => memberships.edges[0].node;
    expect(permissionsOf(before.user).permissions).not.toContain('tenant:own');
    expect(permissionsOf(before.user).tenant.viewerPermissions).not.toContain('tenant:own');
    expect(permissionsOf(after.user).permissions).toContain('tenant:own');
    expect(permissionsOf(after.user).tenant.viewerPermissions).toContain('tenant:own');
    const idsOf = ({ sessions }: typeof before.user): string[] =>
      sessions.edges.map(({ node }: { node: { id: string } }) => node.id);
    expect(idsOf(after.user)).toHaveLength(2);
    expect(idsOf(after.user).filter((id) => idsOf(before.user).includes(id))).toEqual([]);
    expect(signIn.session).toEqual({ id: idsOf(after.user)[0], isCurrent: true });
  });

  test('checks credentials once at most: two aliases are refused before any hash', async () => {
    const person = await createPerson(app);
    const { passwords } = app.app.runtime;
    const spies = [vi.spyOn(passwords, 'verify'), vi.spyOn(passwords, 'hash')];
    const before = await readRows(app);
    const answer = await app.ask(
      `mutation ($in: SignInInput!, $up: SignUpInput!) {
        a: signIn(input: $in) { __typename } b: signUp(input: $up) { __typename } }`,
      {
        variables: {
          in: { email: person.email, password: person.password },
          up: { email: 'alias@people.example', password: person.password },
        },
      },
    );
    expect(codeOf(answer)).toBe('QUERY_TOO_COMPLEX');
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    expect(await readRows(app)).toEqual(before);
  });

  test('of many at once never mixes them up', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => createPerson(app)));
    const asked = Array.from({ length: 10 }, () => people).flat();
    const answers = await Promise.all(
      asked.map(({ ask }) => ask('{ viewer { user { email } session { user { email } } } }')),
    );
    expect(answers.map(({ data }) => data.viewer)).toEqual(
      asked.map(({ email }) => ({ user: { email }, session: { user: { email } } })),
    );
  });
});
