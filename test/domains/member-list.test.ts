import { beforeAll, describe, expect, test } from 'vitest';
import { type Cast, callerNames, createCast, findMembershipId } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, pathOf } from '../support/mutate.ts';
import { createMember, createTeam, type Team, toUuid } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

describe('Tenant.memberships', () => {
  const query = `query ($id: ID!, $where: MembershipWhere, $orderBy: MembershipOrder) {
    tenant(id: $id) { memberships(first: 100, where: $where, orderBy: $orderBy) {
      totalCount edges { node { id lastSignInAt user { email } } } } } }`;

  test.each(callerNames)('require members:read: %s', async (caller) => {
    const response = await cast.as[caller](query, { variables: { id: cast.team.tenantId } });
    if (caller === 'viewer') {
      expect(codeOf(response)).toBe('FORBIDDEN');
      expect(response.data).toEqual({ tenant: null });
    } else if (['paused', 'stranger', 'anonymous'].includes(caller)) {
      expect(response).toEqual({ data: { tenant: null } });
    } else {
      expect(response.errors).toBeUndefined();
      expect(response.data.tenant.memberships.totalCount).toBeGreaterThan(4);
    }
  });

  describe('of a small tenant', () => {
    let team: Team;
    let people: Record<'boss' | 'early' | 'late' | 'never', { id: string; email: string }>;

    beforeAll(async () => {
      team = await createTeam(app);
      const boss = { id: await findMembershipId(team), email: team.owner.email };
      const add = async (signInAt: string | null, ...roleKeys: string[]) => {
        const { membershipId: id, email } = await createMember(app, team, ...roleKeys);
        await app.owner.query('update user_tenants set last_sign_in_at = $2 where id = $1', [
          toUuid(id),
          signInAt ?? '1970-01-01T00:00:00Z',
        ]);
        return { id, email };
      };
      const never = await add(null, 'member');
      const early = await add('2020-01-01T00:00:00Z', 'member', 'viewer');
      const late = await add('2024-01-01T00:00:00Z', 'viewer');
      people = { boss, early, late, never };
      await app.owner.query('update user_tenants set is_active = false where id = $1', [
        toUuid(late.id),
      ]);
    });

    async function listNames(where: object | null, orderBy: object | null = null) {
      const variables = { id: team.tenantId, where, orderBy };
      const response = await team.owner.ask(query, { variables });
      if (response.errors) throw new Error(JSON.stringify(response.errors));
      type Edge = { node: { id: string; user: { email: string } } };
      return response.data.tenant.memberships.edges.map(
        ({ node }: Edge) =>
          Object.entries(people).find(([, { id }]) => id === node.id)?.[0] ?? node.user.email,
      );
    }

    test('are sorted by last sign-in, newest first, with members who never signed in at the end', async () => {
      expect(await listNames(null)).toEqual(['boss', 'late', 'early', 'never']);
      const { data } = await team.owner.ask(query, { variables: { id: team.tenantId } });
      const times = data.tenant.memberships.edges.map(
        ({ node }: { node: { lastSignInAt: string | null } }) => node.lastSignInAt,
      );
      expect(times.slice(1)).toEqual([
        '2024-01-01T00:00:00.000Z',
        '2020-01-01T00:00:00.000Z',
        null,
      ]);
    });

    test('are sorted in the requested order', async () => {
      const bySignIn = { field: 'LAST_SIGN_IN_AT' };
      expect(await listNames(null, bySignIn)).toEqual(['never', 'early', 'late', 'boss']);
      const descending = { ...bySignIn, direction: 'DESC' };
      expect(await listNames(null, descending)).toEqual(['boss', 'late', 'early', 'never']);
      const byJoining = { field: 'JOINED_AT' };
      expect(await listNames(null, byJoining)).toEqual(['boss', 'never', 'early', 'late']);
      const newest = { ...byJoining, direction: 'DESC' };
      expect(await listNames(null, newest)).toEqual(['late', 'early', 'never', 'boss']);
    });

    test('are filtered by role, state and address, all of which must match', async () => {
      expect(await listNames({ roleKey: 'viewer' })).toEqual(['late', 'early']);
      expect(await listNames({ roleKey: 'boss' })).toEqual([]);
      expect(await listNames({ isActive: false })).toEqual(['late']);
      expect(await listNames({ isActive: true })).toEqual(['boss', 'early', 'never']);
      expect(await listNames({ roleKey: 'viewer', isActive: true })).toEqual(['early']);
      expect(await listNames({ email: people.early.email })).toEqual(['early']);
      expect(await listNames({ email: people.early.email.toUpperCase() })).toEqual(['early']);
      expect(await listNames({ email: people.early.email, roleKey: 'admin' })).toEqual([]);
      expect(await listNames({ email: cast.member.email })).toEqual([]);
      const byJoining = { field: 'JOINED_AT' };
      expect(await listNames({ roleKey: 'member' }, byJoining)).toEqual(['never', 'early']);
    });

    test.each([
      ['email', ''],
      ['email', 'x'],
      ['email', 'a\u0000@example.com'],
      ['email', 'a\ud800@example.com'],
      ['email', `${'x'.repeat(250)}@example.com`],
      ['roleKey', ''],
      ['roleKey', 'x'.repeat(51)],
      ['roleKey', 'a\u0000'],
      ['roleKey', 'a\ud800'],
    ])('reject an invalid %s by name: %j', async (field, value) => {
      const variables = { id: team.tenantId, where: { [field]: value } };
      const response = await team.owner.ask(query, { variables });
      expect([codeOf(response), pathOf(response)]).toEqual(['BAD_USER_INPUT', [field]]);
    });

    test('start with the member who signed in last', async () => {
      const { email } = people.never;
      const { rows } = await app.owner.query('select id from users where email = $1', [email]);
      await app.owner.query('select note_sign_in($1)', [rows[0].id]);
      expect((await listNames(null))[0]).toBe('never');
    });
  });
});
