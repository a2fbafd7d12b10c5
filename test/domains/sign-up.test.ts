import { describe, expect, test } from 'vitest';
import { isValid, send, toOpenSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { listInvalidTexts, readRows } from '../support/mutate.ts';
import { createPerson, createTeam } from '../support/people.ts';

const app = describeApp();

const password = 'slow violet tractors hum';
let serial = 0;
const newEmail = () => `newcomer-${++serial}@sign-up.example`;
const signUp = (input: object) =>
  send(app.ask, 'signUp', { email: newEmail(), password, ...input });

/** The error of a sign-up, and that not one row came of it. */
async function expectRefused(input: object, rejection: { code: string; path: string[] }) {
  const before = await readRows(app);
  expect(await signUp(input)).toMatchObject(rejection);
  expect(await readRows(app)).toEqual(before);
}

describe('a sign-up with a tenant', () => {
  test('signs in the owner of a new tenant with all built-in roles', async () => {
    const email = newEmail();
    const { value } = await signUp({ email, name: 'Nora', tenantName: 'Café Zürich & Co.' });
    expect(value).toMatchObject({
      user: { email, name: 'Nora' },
      session: { isCurrent: true, tenant: null },
      tenant: { slug: 'cafe-zurich-co', name: 'Café Zürich & Co.' },
    });
    const { data } = await app.ask(
      `{ viewer { user { email emailVerified status lastSignInAt } isPlatformAdmin
        memberships { edges { node { isActive roles { key } tenant { slug memberCount
          roles { key isBuiltIn } viewerPermissions } } } } } }`,
      { token: value.token },
    );
    expect(data.viewer).toEqual({
      user: {
        email,
        emailVerified: false,
        status: 'ACTIVE',
        lastSignInAt: expect.stringMatching(/Z$/),
      },
      isPlatformAdmin: false,
      memberships: {
        edges: [
          {
            node: {
              isActive: true,
              roles: [{ key: 'owner' }],
              tenant: {
                slug: 'cafe-zurich-co',
                memberCount: 1,
                roles: ['admin', 'member', 'owner', 'viewer'].map((key) => ({
                  key,
                  isBuiltIn: true,
                })),
                viewerPermissions: expect.arrayContaining(['tenant:own']),
              },
            },
          },
        ],
      },
    });
  });

  test('gives strangers and anonymous callers nothing of it', async () => {
    const { value } = await signUp({
      tenantName: 'Private matters',
      tenantSlug: 'private-matters',
    });
    const stranger = await createTeam(app);
    for (const ask of [stranger.owner.ask, app.ask]) {
      const { data } = await ask(
        `query ($tenant: ID!, $user: ID!) {
          tenant(id: $tenant) { id } node(id: $user) { id } nodes(ids: [$tenant]) { id } }`,
        { variables: { tenant: value.tenant.id, user: value.user.id } },
      );
      expect(data).toEqual({ tenant: null, node: null, nodes: [null] });
    }
  });

  test('takes the slug that was asked for', async () => {
    const { value } = await signUp({ tenantName: 'Rowing', tenantSlug: 'rowing-club' });
    expect(value.tenant).toMatchObject({ name: 'Rowing', slug: 'rowing-club' });
  });

  test('with a taken slug leaves nothing half done, and the e-mail address stays free', async () => {
    const { slug } = await createTeam(app);
    const email = newEmail();
    await expectRefused(
      { email, tenantName: 'Another', tenantSlug: slug },
      { code: 'CONFLICT', path: ['tenantSlug'] },
    );
    expect(await signUp({ email, tenantName: 'Another' })).toMatchObject({ code: null });
  });

  test('with a name whose slug is taken gets another slug, and learns of no tenant', async () => {
    const first = await signUp({ tenantName: 'Twice upon a time' });
    const second = await signUp({ tenantName: 'Twice Upon a Time!' });
    expect(first.value.tenant.slug).toBe('twice-upon-a-time');
    expect(second).toMatchObject({ code: null, value: { tenant: { name: 'Twice Upon a Time!' } } });
    expect(second.value.tenant.slug).toMatch(/^twice-upon-a-time-[b-z2-9]{6}$/);
  });

  test.each(['日本語', '🌊🌊', 'Admin', 'A'])(
    'with the name %s, which gives no slug, gets one of its own each time',
    async (tenantName) => {
      const [one, two] = [await signUp({ tenantName }), await signUp({ tenantName })];
      expect([one.code, two.code]).toEqual([null, null]);
      expect(one.value.tenant.slug).toMatch(/(^|-)[b-z2-9]{6}$/);
      expect(one.value.tenant.slug).not.toBe(two.value.tenant.slug);
    },
  );

  test('is refused with a slug but no name, or with a faulty slug or name', async () => {
    const input = { code: 'BAD_USER_INPUT' };
    await expectRefused({ tenantSlug: 'only-a-slug' }, { ...input, path: ['tenantName'] });
    for (const tenantSlug of ['ab', 'Upper', 'a--b', '-a-b', 'admin', 'x'.repeat(51), 'ab\0c']) {
      await expectRefused({ tenantName: 'Fine', tenantSlug }, { ...input, path: ['tenantSlug'] });
    }
    for (const [, tenantName] of listInvalidTexts(100)) {
      await expectRefused({ tenantName }, { ...input, path: ['tenantName'] });
    }
  });
});

describe('a sign-up without a tenant', () => {
  test('signs in a user who belongs nowhere', async () => {
    const { value } = await signUp({});
    expect(value).toMatchObject({ tenant: null, user: { name: null } });
    const { data } = await app.ask('{ viewer { memberships { edges { cursor } } } }', {
      token: value.token,
    });
    expect(data.viewer.memberships.edges).toEqual([]);
  });

  test('by somebody who is signed in makes a user of its own and leaves both sessions', async () => {
    const host = await createPerson(app);
    const { value } = await send(host.ask, 'signUp', { email: newEmail(), password });
    expect(value).toMatchObject({ session: { isCurrent: true } });
    expect(value.user.id).not.toBe(host.userId);
    expect(await isValid(host)).toBe(true);
    expect(await isValid(toOpenSession(app, value.token))).toBe(true);
  });

  test('takes no more than its input allows: columns cannot be set from outside', async () => {
    const before = await readRows(app);
    const more = [
      'isPlatformAdmin',
      'is_platform_admin',
      'emailVerifiedAt',
      'status',
      'id',
      'userId',
    ];
    for (const field of more) {
      const { errors, data } = await app.ask(
        'mutation ($input: SignUpInput!) { signUp(input: $input) { __typename } }',
        { variables: { input: { email: newEmail(), password, [field]: 'true' } } },
      );
      expect([data, errors?.[0]?.extensions.code]).toEqual([undefined, 'BAD_USER_INPUT']);
    }
    expect(await readRows(app)).toEqual(before);
  });

  test('refuses names nobody could read', async () => {
    for (const [, name] of listInvalidTexts(100)) {
      await expectRefused({ name }, { code: 'BAD_USER_INPUT', path: ['name'] });
    }
    expect(await signUp({ name: '🚲'.repeat(100) })).toMatchObject({ code: null });
  });
});

describe('an e-mail address', () => {
  test('belongs to one user, in whatever spelling it comes', async () => {
    await signUp({ email: 'taken@bücher.example' });
    for (const email of [
      'taken@bücher.example',
      'TAKEN@bücher.example',
      'taken@BÜCHER.EXAMPLE',
      'taken@xn--bcher-kva.example',
      'Taken@XN--BCHER-KVA.example',
      'taken@bu\u0308cher.example',
    ]) {
      await expectRefused(
        { email, tenantName: 'Not to be', tenantSlug: 'not-to-be' },
        { code: 'CONFLICT', path: ['email'] },
      );
    }
  });

  test('asked for by five at once goes to exactly one', async () => {
    const email = newEmail();
    const race = `Race for ${email.split('@')[0]}`;
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, (_, at) => signUp({ email, tenantName: `${race} ${at}` })),
    );
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual([
      ...Array(4).fill('CONFLICT'),
      null,
    ]);
    const { rows } = await app.owner.query(
      `select count(*)::int as count from tenants where name like $1`,
      [`${race} %`],
    );
    expect(rows).toEqual([{ count: 1 }]);
  });

  test.each([
    ['Upper.Case@Sign-Up.EXAMPLE', 'upper.case@sign-up.example'],
    ["o'brien+tag/1=x@sign-up.example", "o'brien+tag/1=x@sign-up.example"],
    ['who@müller.example', 'who@xn--mller-kva.example'],
    [`${'l'.repeat(64)}@sign-up.example`, `${'l'.repeat(64)}@sign-up.example`],
    [atBytes(254), atBytes(254)],
  ])('%s is kept in its canonical form', async (email, canonical) => {
    const { value } = await signUp({ email });
    expect(value.user.email).toBe(canonical);
  });

  test.each([
    '',
    'x',
    '@sign-up.example',
    'who@',
    'who@localhost',
    'who@@sign-up.example',
    'who@a@sign-up.example',
    'who ami@sign-up.example',
    'who@sign-up.example, whom@sign-up.example',
    'Who <who@sign-up.example>',
    '..@sign-up.example',
    '"who ami"@sign-up.example',
    'who@[127.0.0.1]',
    'who@127.0.0.1',
    'who@-x.example',
    'who@xn--a.example',
    'who@exa%41mple.com',
    'who\0@sign-up.example',
    'who\n@sign-up.example',
    'who\ud800@sign-up.example',
    // What only folds to ASCII would let a look-alike take over the address.
    '\u0130ris@sign-up.example',
    '\u212aate@sign-up.example',
    '\uff41nna@sign-up.example',
    `${'l'.repeat(65)}@sign-up.example`,
    atBytes(255),
  ])('%j is refused', async (email) => {
    await expectRefused({ email }, { code: 'BAD_USER_INPUT', path: ['email'] });
  });
});

test("a sign-up dates the password by the database's clock, like the user", async () => {
  const { value } = await signUp({});
  const { rows } = await app.owner.query(
    `select c.changed_at = u.created_at as "isSame"
     from users u join password_credentials c on c.user_id = u.id where u.email = $1`,
    [value.user.email],
  );
  expect(rows).toEqual([{ isSame: true }]);
});

/** An address of so many bytes. */
function atBytes(bytes: number): string {
  const head = `l@${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.`;
  return head + 'd'.repeat(bytes - head.length);
}
