import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CallerName,
  type Cast,
  callerNames,
  createCast,
  signInBound,
} from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, invalidMetadata, mutate, pathOf } from '../support/mutate.ts';
import { addMember, createPerson, createPlatformAdmin } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

describe('tenants', () => {
  const query = `query ($where: TenantWhere, $orderBy: TenantOrder) {
    tenants(first: 100, where: $where, orderBy: $orderBy) { totalCount edges { node { slug } } } }`;

  async function listSlugs(where: object | null, orderBy: object | null = null) {
    const answer = await cast.platformAdmin.ask(query, { variables: { where, orderBy } });
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data.tenants.edges.map(({ node }: { node: { slug: string } }) => node.slug);
  }

  async function createNamed(name: string, slug: string, metadata = {}) {
    const person = await createPerson(app);
    const { code, value } = await mutate(person.ask, 'createTenant', { name, slug, metadata });
    expect(code).toBeNull();
    return value.tenant.id as string;
  }

  beforeAll(async () => {
    await createNamed('Northwind Traders', 'northwind', { plan: 'gold', seats: { max: 5 } });
    await createNamed('50% off_line', 'fifty-percent', { plan: 'free' });
    await createNamed('Back\\slash & Söhne', 'back-slash');
  });

  test.each(callerNames)('are listed for platform administrators only: %s', async (caller) => {
    const answer = await cast.as[caller]('{ tenants { edges { node { id } } } }');
    const codes: Partial<Record<CallerName, string | null>> = {
      platformAdmin: null,
      anonymous: 'UNAUTHENTICATED',
    };
    expect(codeOf(answer)).toBe(caller in codes ? codes[caller] : 'FORBIDDEN');
    expect(answer.data === null || answer.data === undefined).toBe(caller !== 'platformAdmin');
  });

  test('are refused to a platform administrator whose session is bound to one tenant', async () => {
    const admin = await createPlatformAdmin(app);
    await addMember(app, cast.team, admin, 'owner');
    const ask = await signInBound(app, admin, cast.team.slug);
    expect(codeOf(await ask('{ tenants { edges { node { id } } } }'))).toBe('FORBIDDEN');
    const answer = await ask('query ($id: ID!) { tenant(id: $id) { id } }', {
      variables: { id: cast.otherTeam.tenantId },
    });
    expect(answer).toEqual({ data: { tenant: null } });
  });

  test.each([
    ['Northwind', ['northwind']],
    ['nortwind', ['northwind']],
    ['traders', ['northwind']],
    ['0% off_', ['fifty-percent']],
    ['back\\sl', ['back-slash']],
    ['SÖHNE', ['back-slash']],
    ['%%%', []],
    ['___', []],
    ['\\\\\\', []],
    ["'; --", []],
    ['nobody is called this', []],
  ])(
    'are searched by %j, which stands for itself, typing errors forgiven',
    async (search, slugs) => {
      expect(await listSlugs({ search })).toEqual(slugs);
    },
  );

  test.each(['', 'ab', 'x'.repeat(101), 'a\u0000bc', 'abc\ud800'])(
    'a search for %j is refused',
    async (search) => {
      const answer = await cast.platformAdmin.ask(query, { variables: { where: { search } } });
      expect(codeOf(answer)).toBe('BAD_USER_INPUT');
      expect(pathOf(answer)).toEqual(['search']);
    },
  );

  test('are narrowed by status', async () => {
    await app.owner.query(`update tenants set status = 'suspended' where slug = 'back-slash'`);
    expect(await listSlugs({ status: 'SUSPENDED' })).toEqual(['back-slash']);
    expect(await listSlugs({ status: 'PENDING_DELETION' })).toEqual([]);
    expect(await listSlugs({ status: 'ACTIVE' })).not.toContain('back-slash');
    expect(await listSlugs({ status: 'ACTIVE', search: 'back-slash' })).toEqual([]);
    expect(await listSlugs({ status: 'SUSPENDED', search: 'back-slash' })).toEqual(['back-slash']);
  });

  test('are narrowed by metadata that contains what is asked', async () => {
    expect(await listSlugs({ metadata: { plan: 'gold' } })).toEqual(['northwind']);
    expect(await listSlugs({ metadata: { seats: { max: 5 } } })).toEqual(['northwind']);
    expect(await listSlugs({ metadata: { plan: 'silver' } })).toEqual([]);
    expect(await listSlugs({ metadata: { plan: 'free' }, search: 'northwind' })).toEqual([]);
  });

  test.each(invalidMetadata)('metadata to look for that is %s is refused', async (_, metadata) => {
    const answer = await cast.platformAdmin.ask(query, { variables: { where: { metadata } } });
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
    expect(pathOf(answer)).toEqual(['metadata']);
  });

  test('come newest first, or in the order asked for', async () => {
    const newestFirst = await listSlugs(null);
    expect(newestFirst.slice(0, 3)).toEqual(['back-slash', 'fifty-percent', 'northwind']);
    const created = await listSlugs(null, { field: 'CREATED_AT' });
    expect(created).toEqual(newestFirst.toReversed());
    expect(await listSlugs(null, { field: 'SLUG' })).toEqual(created.toSorted());
    const descending = await listSlugs(null, { field: 'SLUG', direction: 'DESC' });
    expect(descending).toEqual(created.toSorted().reverse());
  });

  test('an order besides a search is refused', async () => {
    const variables = { where: { search: 'north' }, orderBy: { field: 'SLUG' } };
    const answer = await cast.platformAdmin.ask(query, { variables });
    expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['orderBy']]);
  });
});
