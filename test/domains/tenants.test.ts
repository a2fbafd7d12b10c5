import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CallerName,
  type Cast,
  callerNames,
  createCast,
  findMembershipId,
  signInBound,
} from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  boundaryMetadata,
  codeOf,
  invalidMetadata,
  listInvalidTexts,
  mutate,
  pathOf,
  readRows,
} from '../support/mutate.ts';
import { addMember, createPerson, createPlatformAdmin, createTeam } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

const members: readonly CallerName[] = ['owner', 'admin', 'member', 'viewer', 'platformAdmin'];

describe('tenant', () => {
  const byId = 'query ($id: ID!) { tenant(id: $id) { id slug } }';
  const bySlug = 'query ($slug: String!) { tenant(slug: $slug) { id slug } }';

  test.each(callerNames)('is found by id and by slug by who belongs to it: %s', async (caller) => {
    const { tenantId: id, slug } = cast.team;
    const tenant = members.includes(caller) ? { id, slug } : null;
    const ask = cast.as[caller];
    expect(await ask(byId, { variables: { id } })).toEqual({ data: { tenant } });
    expect(await ask(bySlug, { variables: { slug } })).toEqual({ data: { tenant } });
  });

  test.each(['', 'no-such-slug', 'Ünfug', '\u0000', 'a\u0000b', '\ud800', "' or ''='"])(
    'is null for a slug that nobody has: %j',
    async (slug) => {
      const answer = await cast.owner.ask(bySlug, { variables: { slug } });
      expect(answer).toEqual({ data: { tenant: null } });
    },
  );

  test.each(['{ tenant { id } }', '{ tenant(id: "x", slug: "y") { id } }'])(
    'is refused with neither or both of id and slug: %s',
    async (query) => {
      for (const ask of [cast.owner.ask, app.ask]) {
        const answer = await ask(query);
        expect(codeOf(answer)).toBe('BAD_USER_INPUT');
        expect(pathOf(answer)).toEqual(['id', 'slug']);
      }
    },
  );

  test('tells its owners only while they are active', async () => {
    const { data } = await cast.viewer.ask(
      'query ($id: ID!) { tenant(id: $id) { owners { id } status deletionAt metadata createdAt } }',
      { variables: { id: cast.team.tenantId } },
    );
    expect(data.tenant).toEqual({
      owners: [{ id: cast.owner.userId }],
      status: 'ACTIVE',
      deletionAt: null,
      metadata: {},
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test('seen through a session bound to another tenant is null', async () => {
    const own = await createTeam(app);
    await addMember(app, cast.team, own.owner, 'owner');
    const ask = await signInBound(app, own.owner, own.slug);
    const { tenantId: id, slug } = cast.team;
    const unbound = await own.owner.ask(byId, { variables: { id } });
    expect(unbound.data.tenant).toEqual({ id, slug });
    expect((await ask(byId, { variables: { id } })).data).toEqual({ tenant: null });
    expect((await ask(bySlug, { variables: { slug } })).data).toEqual({ tenant: null });
    expect((await ask(byId, { variables: { id: own.tenantId } })).data.tenant).not.toBeNull();
    const { data } = await ask('{ viewer { memberships { edges { node { tenant { id } } } } } }');
    expect(data.viewer.memberships.edges).toEqual([{ node: { tenant: { id: own.tenantId } } }]);
  });
});

describe('viewerPermissions and viewerMembership', () => {
  const query = `query ($id: ID!) { tenant(id: $id) {
    viewerPermissions viewerMembership { id permissions } } }`;

  test.each(['owner', 'admin', 'member', 'viewer'] as const)(
    'say what the roles of the caller allow: %s',
    async (role) => {
      const { data } = await cast[role].ask(query, { variables: { id: cast.team.tenantId } });
      const { rows } = await app.owner.query(
        'select permissions from roles where tenant_id = $1 and key = $2',
        [cast.team.tenantUuid, role],
      );
      const permissions = rows[0].permissions.toSorted();
      expect(data.tenant).toEqual({
        viewerPermissions: permissions,
        viewerMembership: { id: cast[role].membershipId, permissions },
      });
    },
  );

  test('of a platform administrator from outside are everything, and no membership', async () => {
    const ask = cast.platformAdmin.ask;
    const { data } = await ask(query, { variables: { id: cast.team.tenantId } });
    const keys = await app.ask('{ permissions { key } }');
    expect(data.tenant.viewerMembership).toBeNull();
    expect(data.tenant.viewerPermissions).toEqual(
      keys.data.permissions.map(({ key }: { key: string }) => key).toSorted(),
    );
  });

  test('a platform administrator who is a member has that membership, and can end it', async () => {
    const admin = await createPlatformAdmin(app);
    const id = await addMember(app, cast.team, admin, 'viewer');
    const variables = { id: cast.team.tenantId };
    const { data } = await admin.ask(query, { variables });
    expect(data.tenant.viewerMembership).toMatchObject({ id });
    expect(await findMembershipId({ ...cast.team, owner: admin })).toBe(id);
    const left = await mutate(admin.ask, 'leaveTenant', { tenantId: cast.team.tenantId });
    expect(left.value).toEqual({ leftTenantId: cast.team.tenantId });
  });
});

describe('createTenant', () => {
  test('makes a tenant that the caller owns, with all built-in roles and one member', async () => {
    const person = await createPerson(app);
    const { value } = await mutate(person.ask, 'createTenant', {
      name: 'Blue Bottle',
      slug: 'blue-bottle',
      metadata: { a: [1] },
    });
    expect(value.tenant).toMatchObject({ name: 'Blue Bottle', slug: 'blue-bottle' });
    expect(value.tenant.metadata).toEqual({ a: [1] });
    expect(value.tenant.viewerPermissions).toContain('tenant:own');
    const { data } = await person.ask(
      `query ($id: ID!) { tenant(id: $id) { memberCount owners { id } roles { key isBuiltIn } } }`,
      { variables: { id: value.tenant.id } },
    );
    expect(data.tenant.memberCount).toBe(1);
    expect(data.tenant.owners).toEqual([{ id: person.userId }]);
    expect(data.tenant.roles.map(({ key }: { key: string }) => key).toSorted()).toEqual([
      'admin',
      'member',
      'owner',
      'viewer',
    ]);
  });

  test('makes the slug from the name where none is given', async () => {
    const person = await createPerson(app);
    const { value } = await mutate(person.ask, 'createTenant', { name: 'Café Zürich & Co.' });
    expect(value.tenant.slug).toBe('cafe-zurich-co');
    const letterless = await mutate(person.ask, 'createTenant', { name: '東京' });
    expect(letterless.value.tenant.slug).toMatch(/^[a-z0-9]{6}$/);
  });

  test('rejects a taken slug that was asked for as a conflict, also when it is a stranger’s', async () => {
    const person = await createPerson(app);
    const { slug } = cast.team;
    const rows = await readRows(app);
    const { code, path } = await mutate(person.ask, 'createTenant', { name: 'x', slug });
    expect([code, path]).toEqual(['CONFLICT', ['slug']]);
    expect(await readRows(app)).toEqual(rows);
  });

  test('takes another slug where the one made from the name is taken, also by a stranger', async () => {
    const person = await createPerson(app);
    const { slug, tenantId } = cast.team;
    const name = slug.replace('-', ' ');
    const key = 'the same once more';
    const made = await mutate(person.ask, 'createTenant', { name, idempotencyKey: key });
    expect(made).toMatchObject({ code: null, value: { tenant: { name } } });
    expect(made.value.tenant.slug).toMatch(new RegExp(`^${slug}-[b-z2-9]{6}$`));
    const again = await mutate(person.ask, 'createTenant', { name, idempotencyKey: key });
    expect(again).toEqual(made);
    const { data } = await person.ask('query ($id: ID!) { tenant(id: $id) { id } }', {
      variables: { id: tenantId },
    });
    expect(data.tenant).toBeNull();
    const events = await person.ask(
      `query ($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { edges { node { action changes } } } } }`,
      { variables: { id: made.value.tenant.id } },
    );
    expect(events.data.tenant.auditEvents.edges[0].node).toMatchObject({
      action: 'tenant.created',
      changes: { slug: [null, made.value.tenant.slug] },
    });
  });

  test('gives sixteen people who choose the same name at once a slug each', async () => {
    const people = await Promise.all(Array.from({ length: 16 }, () => createPerson(app)));
    const outcomes = await Promise.all(
      people.map(({ ask }) => mutate(ask, 'createTenant', { name: 'Sixteen At Once' })),
    );
    expect(outcomes.map(({ code }) => code)).toEqual(Array(16).fill(null));
    const slugs = outcomes.map(({ value }) => value.tenant.slug);
    expect(new Set(slugs).size).toBe(16);
    expect(slugs.filter((slug) => slug === 'sixteen-at-once')).toHaveLength(1);
  });

  test('gives a slug that twenty ask for at once to exactly one', async () => {
    const person = await createPerson(app);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        mutate(person.ask, 'createTenant', { name: 'Race', slug: 'race' }),
      ),
    );
    expect(outcomes.filter(({ code }) => code === null)).toHaveLength(1);
    expect(new Set(outcomes.map(({ code }) => code))).toEqual(new Set([null, 'CONFLICT']));
  });

  test('is refused to nobody’s and to a bound session, and changes nothing', async () => {
    const bound = await signInBound(app, cast.owner, cast.team.slug);
    const rows = await readRows(app);
    const input = { name: 'Another', slug: 'another' };
    expect((await mutate(app.ask, 'createTenant', input)).code).toBe('UNAUTHENTICATED');
    expect((await mutate(bound, 'createTenant', input)).code).toBe('FORBIDDEN');
    expect(await readRows(app)).toEqual(rows);
  });
});

describe('updateTenant', () => {
  test('changes what is given and nothing else', async () => {
    const { tenantId } = await createOwn();
    const changed = await mutate(cast.admin.ask, 'updateTenant', { tenantId, name: 'New name' });
    expect(changed.value.tenant).toMatchObject({ name: 'New name', metadata: { kept: true } });
    const empty = await mutate(cast.admin.ask, 'updateTenant', { tenantId, slug: null });
    expect(empty.value.tenant).toEqual(changed.value.tenant);
    const slug = `${changed.value.tenant.slug}-2`;
    const moved = await mutate(cast.admin.ask, 'updateTenant', { tenantId, slug, metadata: {} });
    expect(moved.value.tenant).toMatchObject({ slug, name: 'New name', metadata: {} });

    async function createOwn() {
      const team = await createTeam(app);
      await addMember(app, team, cast.admin, 'admin');
      const { tenantId } = team;
      await mutate(team.owner.ask, 'updateTenant', { tenantId, metadata: { kept: true } });
      return team;
    }
  });

  test.each(callerNames)('is for who holds tenant:update: %s', async (caller) => {
    const codes: Record<CallerName, string | null> = {
      owner: null,
      admin: null,
      platformAdmin: null,
      member: 'FORBIDDEN',
      viewer: 'FORBIDDEN',
      paused: 'NOT_FOUND',
      stranger: 'NOT_FOUND',
      anonymous: 'UNAUTHENTICATED',
    };
    const rows = await readRows(app);
    const input = { tenantId: cast.team.tenantId, name: `Named by ${caller}` };
    const outcome = await mutate(cast.as[caller], 'updateTenant', input);
    expect(outcome.code).toBe(codes[caller]);
    if (outcome.code !== null) expect(await readRows(app)).toEqual(rows);
  });

  test('refuses a taken slug as a conflict', async () => {
    const rows = await readRows(app);
    const input = { tenantId: cast.team.tenantId, name: 'x', slug: cast.otherTeam.slug };
    const { code, path } = await mutate(cast.owner.ask, 'updateTenant', input);
    expect([code, path]).toEqual(['CONFLICT', ['slug']]);
    expect(await readRows(app)).toEqual(rows);
  });

  test('through a session bound to another tenant finds nothing', async () => {
    const own = await createTeam(app);
    await addMember(app, cast.team, own.owner, 'owner');
    const ask = await signInBound(app, own.owner, own.slug);
    const input = { name: 'x' };
    const foreign = await mutate(ask, 'updateTenant', { ...input, tenantId: cast.team.tenantId });
    expect(foreign.code).toBe('NOT_FOUND');
    const inside = await mutate(ask, 'updateTenant', { ...input, tenantId: own.tenantId });
    expect(inside.code).toBeNull();
  });
});

describe('input that cannot be accepted names its field and changes nothing', () => {
  const slugs = [
    ['over-long', 'x'.repeat(51)],
    ['too short', 'ab'],
    ['empty', ''],
    ['upper-case', 'Acme-Corp'],
    ['with a space', 'acme corp'],
    ['with an outer hyphen', '-acme'],
    ['with two hyphens', 'ac--me'],
    ['reserved', 'admin'],
    ['like an id', '01890000-0000-7000-8000-000000000000'],
    ['with NUL', 'ac\u0000me'],
    ['with a lone surrogate', 'ac\ud800me'],
    ['not ASCII', 'acmé'],
  ] as const;
  const faults = [
    ...listInvalidTexts(100).map(([fault, name]) => ['name', fault, name] as const),
    ...slugs.map(([fault, slug]) => ['slug', fault, slug] as const),
    ...invalidMetadata.map(([fault, metadata]) => ['metadata', fault, metadata] as const),
  ];

  test.each(faults)('%s: %s', async (field, _, value) => {
    const rows = await readRows(app);
    const created = await mutate(cast.owner.ask, 'createTenant', { name: 'Fine', [field]: value });
    const updated = await mutate(cast.owner.ask, 'updateTenant', {
      tenantId: cast.team.tenantId,
      [field]: value,
    });
    for (const { code, path } of [created, updated]) {
      expect([code, path]).toEqual(['BAD_USER_INPUT', [field]]);
    }
    expect(await readRows(app)).toEqual(rows);
  });

  test.each(boundaryMetadata)('but %s is kept as it is', async (_, metadata) => {
    const input = { tenantId: cast.team.tenantId, metadata };
    const { value } = await mutate(cast.owner.ask, 'updateTenant', input);
    expect(value.tenant.metadata).toEqual(metadata);
  });

  test('and a name of exactly 100 characters of any script is kept', async () => {
    const input = { tenantId: cast.team.tenantId, name: '👩'.repeat(100) };
    const { value } = await mutate(cast.owner.ask, 'updateTenant', input);
    expect(value.tenant.name).toBe(input.name);
  });
});
