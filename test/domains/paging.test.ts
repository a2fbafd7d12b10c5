import { beforeAll, describe, expect, test } from 'vitest';
import {
  addPeople,
  type Crowd,
  createCrowd,
  crowdSize,
  listNames,
  lists,
  type PageOf,
} from '../support/crowd.ts';
import { describeApp } from '../support/describe-app.ts';
import { createMember, createTeam, type Team } from '../support/people.ts';

const app = describeApp();
let crowd: Crowd;
let team: Team;

beforeAll(async () => {
  crowd = await createCrowd(app);
  team = crowd.team;
});

const listsAndOrders = listNames.flatMap((list) =>
  lists[list].orders.map((orderBy) => [list, orderBy] as const),
);

describe.each(listsAndOrders)('%s in the order %j', (list, orderBy) => {
  test('return each row exactly once when read page by page, forward and backward', async () => {
    const whole = await crowd.getPage(list, { orderBy, first: 100 });
    expect(whole.ids.length).toBeGreaterThanOrEqual(crowdSize);
    expect(new Set(whole.ids).size).toBe(whole.ids.length);
    const forward = await crowd.walk(list, 'first', 7, { orderBy });
    const backward = await crowd.walk(list, 'last', 7, { orderBy });
    expect(forward.flatMap(({ ids }) => ids)).toEqual(whole.ids);
    expect(backward.toReversed().flatMap(({ ids }) => ids)).toEqual(whole.ids);
    expect(forward.flatMap(({ cursors }) => cursors)).toEqual(whole.cursors);
    expect(backward.toReversed().flatMap(({ cursors }) => cursors)).toEqual(whole.cursors);
    for (const { ids } of forward.slice(0, -1)) expect(ids).toHaveLength(7);
  });

  test('report whether there are pages before and after a page', async () => {
    const { ids, cursors } = await crowd.getPage(list, { orderBy, first: 100 });
    const middle = await crowd.getPage(list, { orderBy, first: 5, after: cursors[9] ?? '' });
    expect(middle.ids).toEqual(ids.slice(10, 15));
    expect(middle.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: true,
      startCursor: cursors[10],
      endCursor: cursors[14],
    });
    const back = await crowd.getPage(list, { orderBy, last: 5, before: cursors[9] ?? '' });
    expect(back.ids).toEqual(ids.slice(4, 9));
    expect(back.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const start = await crowd.getPage(list, { orderBy, first: 5 });
    expect(start.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const end = await crowd.getPage(list, { orderBy, last: 5 });
    expect(end.ids).toEqual(ids.slice(-5));
    expect(end.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  test('return only the rows between two cursors', async () => {
    const { ids, cursors } = await crowd.getPage(list, { orderBy, first: 100 });
    const [after, before] = [cursors[3] ?? '', cursors[30] ?? ''];
    const between = await crowd.getPage(list, { orderBy, first: 100, after, before });
    expect(between.ids).toEqual(ids.slice(4, 30));
    const firstOf = await crowd.getPage(list, { orderBy, first: 3, after, before });
    expect(firstOf.ids).toEqual(ids.slice(4, 7));
    const lastOf = await crowd.getPage(list, { orderBy, last: 3, after, before });
    expect(lastOf.ids).toEqual(ids.slice(27, 30));
    const nothing = await crowd.getPage(list, { orderBy, first: 3, after: before, before: after });
    expect(nothing.ids).toEqual([]);
    expect(nothing.pageInfo).toMatchObject({ startCursor: null, endCursor: null });
  });
});

const listsAndFilters = listNames.flatMap((list) =>
  lists[list].filters.map((where) => [list, where] as const),
);

test.each(listsAndFilters)('%s filtered by %j are the same both ways', async (list, where) => {
  const whole = await crowd.getPage(list, { where, first: 100 });
  expect(whole.ids.length).toBeGreaterThan(20);
  const forward = await crowd.walk(list, 'first', 13, { where });
  const backward = await crowd.walk(list, 'last', 13, { where });
  expect(forward.flatMap(({ ids }) => ids)).toEqual(whole.ids);
  expect(backward.toReversed().flatMap(({ ids }) => ids)).toEqual(whole.ids);
});

describe.each(listNames)('%s', (list) => {
  test('come in pages of 25 by default, and of up to 100 on request', async () => {
    const { ids } = await crowd.getPage(list, {});
    expect(ids).toHaveLength(25);
    const explicit = await crowd.getPage(list, {
      first: null,
      last: null,
      after: null,
      before: null,
    });
    expect(explicit.ids).toEqual(ids);
    expect((await crowd.getPage(list, { first: 1 })).ids).toEqual(ids.slice(0, 1));
    expect((await crowd.getPage(list, { first: 100 })).ids.length).toBeGreaterThanOrEqual(
      crowdSize,
    );
  });

  test('have a total count on every page, but none when filtered', async () => {
    const table = { tenants: 'tenants', users: 'users', memberships: 'user_tenants' }[list];
    const { rows } = await app.owner.query(
      `select count(*)::int as count from ${table}
       ${list === 'memberships' ? `where tenant_id = '${team.tenantUuid}'` : ''}`,
    );
    for (const args of [{}, { first: 1 }, { last: 2 }]) {
      expect((await crowd.getPage(list, args)).totalCount).toBe(rows[0].count);
    }
    for (const where of lists[list].filters) {
      expect((await crowd.getPage(list, { where })).totalCount).toBeNull();
    }
  });
});

describe('pages', () => {
  test('neither skip nor repeat a member while others join', async () => {
    const small = await createTeam(app);
    await addPeople(app, small, 30);
    for (const orderBy of lists.memberships.orders) {
      const before = await crowd.getPage('memberships', { orderBy, first: 100 }, small);
      const seen: string[] = [];
      let after: string | null = null;
      for (let page = 0; page === 0 || after !== null; page += 1) {
        const { ids, pageInfo }: PageOf = await crowd.getPage(
          'memberships',
          { orderBy, first: 4, after },
          small,
        );
        seen.push(...ids);
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        if (page < 5) await createMember(app, small, 'member');
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => before.ids.includes(id))).toEqual(before.ids);
    }
  });

  test('continue after a cursor whose row was deleted', async () => {
    const small = await createTeam(app);
    await addPeople(app, small, 10);
    const { ids, cursors } = await crowd.getPage('memberships', { first: 100 }, small);
    await app.owner.query(
      `delete from user_tenants where tenant_id = $1 and 'member_' || replace(id::text, '-', '') = $2`,
      [small.tenantUuid, ids[4]?.slice(0, 39)],
    );
    const next = await crowd.getPage('memberships', { first: 100, after: cursors[4] ?? '' }, small);
    expect(next.ids).toEqual(ids.slice(5));
    const previous = await crowd.getPage(
      'memberships',
      { last: 100, before: cursors[4] ?? '' },
      small,
    );
    expect(previous.ids).toEqual(ids.slice(0, 4));
  });
});
