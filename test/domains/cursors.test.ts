import { beforeAll, describe, expect, test } from 'vitest';
import type { GraphQLResult } from '../support/app.ts';
import {
  type Crowd,
  createCrowd,
  type ListName,
  listNames,
  lists,
  type PageArgs,
} from '../support/crowd.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, pathOf } from '../support/mutate.ts';
import { addMember, createMember, createTeam, type Team } from '../support/people.ts';

const app = describeApp();
let crowd: Crowd;
let team: Team;
let otherTeam: Team;

beforeAll(async () => {
  crowd = await createCrowd(app);
  team = crowd.team;
  otherTeam = await createTeam(app);
});

describe.each(listNames)('pages of %s', (list) => {
  test.each([
    ['first', 0],
    ['first', 101],
    ['first', -1],
    ['last', 0],
    ['last', 101],
    ['last', -1],
  ])('with %s: %i are refused', async (field, size) => {
    const answer = await crowd.fetchPage(list, { [field]: size });
    expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', [field]]);
  });

  test('with both first and last are refused', async () => {
    const answer = await crowd.fetchPage(list, { first: 5, last: 5 });
    expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['last']]);
  });

  test('refuse a broken cursor at either end', async () => {
    const { cursors } = await crowd.getPage(list, { first: 1 });
    const good = cursors[0] ?? '';
    const flip = (at: number) =>
      `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}`;
    const broken = [
      '',
      'x',
      good.slice(1),
      good.slice(0, -4),
      `${good}A`,
      `${good} `,
      `${good}=`,
      flip(0),
      flip(18),
      flip(good.length - 2),
      '\u0000',
      '\ud800',
      'x'.repeat(5_000),
      Buffer.from(JSON.stringify(['2024-01-01', team.tenantUuid])).toString('base64url'),
    ];
    for (const cursor of broken) {
      for (const field of ['after', 'before'] as const) {
        const answer = await crowd.fetchPage(list, { [field]: cursor });
        const found = { cursor, code: codeOf(answer), path: pathOf(answer) };
        expect(found).toEqual({ cursor, code: 'BAD_USER_INPUT', path: [field] });
      }
    }
  });

  test('refuse the cursor of another list, order, direction or filter', async () => {
    const { orders, filters } = lists[list];
    const [, ascending = null, descending = null, other = null] = orders;
    const cursorOf = async (name: ListName, args: PageArgs, of = team) =>
      (await crowd.getPage(name, { first: 1, ...args }, of)).cursors[0] ?? '';
    const after = await cursorOf(list, { orderBy: ascending });
    const foreign = [
      ...(await Promise.all(
        listNames.filter((name) => name !== list).map((name) => cursorOf(name, {})),
      )),
      await cursorOf(list, { orderBy: descending }),
      await cursorOf(list, { orderBy: other }),
      await cursorOf(list, { orderBy: ascending, where: filters[0] ?? null }).catch(() => 'x'),
      ...(list === 'memberships' ? [await cursorOf(list, { orderBy: ascending }, otherTeam)] : []),
    ];
    for (const cursor of foreign) {
      const answer = await crowd.fetchPage(list, { orderBy: ascending, after: cursor });
      expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['after']]);
    }
    const fitting = await crowd.fetchPage(list, { orderBy: ascending, after });
    expect(fitting.errors).toBeUndefined();
    const filtered = await crowd.fetchPage(list, {
      where: filters[0] ?? null,
      after: await cursorOf(list, {}),
    });
    expect([codeOf(filtered), pathOf(filtered)]).toEqual(['BAD_USER_INPUT', ['after']]);
  });
});

test('a good cursor opens no list to who may not read it', async () => {
  const { cursors } = await crowd.getPage('memberships', { first: 2 });
  const query = `query ($after: String, $id: ID!) { tenant(id: $id) {
    memberships(after: $after) { totalCount } } }`;
  const variables = { after: cursors[0], id: team.tenantId };
  const viewer = await createMember(app, team, 'viewer');
  expect(codeOf(await viewer.ask(query, { variables }))).toBe('FORBIDDEN');
  for (const ask of [app.ask, otherTeam.owner.ask]) {
    expect(await ask(query, { variables })).toEqual({ data: { tenant: null } });
  }
});

describe('the memberships of a user', () => {
  test('walk forward in the order of joining, each once', async () => {
    const person = await createMember(app, team, 'member');
    const joined = [person.membershipId];
    for (let count = 0; count < 6; count += 1) {
      joined.push(await addMember(app, await createTeam(app), person, 'member'));
    }
    const query = `query ($first: Int, $after: String) { viewer { memberships(first: $first, after: $after) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data }: GraphQLResult = await person.ask(query, { variables: { first: 3, after } });
      const { edges, pageInfo } = data.viewer.memberships;
      seen.push(...edges.map(({ node }: { node: { id: string } }) => node.id));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(joined);
    for (const [field, variables] of [
      ['first', { first: 0 }],
      ['first', { first: 101 }],
      ['after', { after: 'x' }],
    ] as const) {
      const answer = await person.ask(query, { variables });
      expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', [field]]);
    }
  });

  test('refuse the cursor of another user’s', async () => {
    const query = `query ($after: String) { viewer { memberships(after: $after) {
      edges { cursor } } } }`;
    const { data } = await team.owner.ask(query);
    const [{ cursor }] = data.viewer.memberships.edges;
    const answer = await otherTeam.owner.ask(query, { variables: { after: cursor } });
    expect([codeOf(answer), pathOf(answer)]).toEqual(['BAD_USER_INPUT', ['after']]);
  });
});
