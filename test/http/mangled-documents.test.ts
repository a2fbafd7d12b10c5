import { beforeAll, describe, expect, test } from 'vitest';
import { post } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { createTeam, type Team } from '../support/people.ts';

const app = describeApp({ SIGN_IN_FREE_FAILURES: '100' });
let team: Team;
beforeAll(async () => {
  team = await createTeam(app);
});

type GraphQLFailure = { extensions?: { code?: string } };

describe('mangled documents', () => {
  const seeds = [
    `query Q($id: ID!, $n: Int = 3) { tenant(id: $id) { ...T memberships(first: $n) { edges { node { user { email } } } } } } fragment T on Tenant { slug }`,
    'mutation { signIn(input: { email: "a@b.example", password: "x" }) { __typename ... on Error { code message } } }',
    '{ viewer { user { ... on User @include(if: true) { id metadata } } sessions(first: 2) { pageInfo { endCursor } } } }',
    '{ nodes(ids: ["user_x", null]) { __typename id } permissions { key } __schema { queryType { name } } }',
  ];

  /** A seeded random generator (mulberry32), so that a failing document can be reproduced. */
  function createRandom(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
    };
  }

  function mangle(seed: number): string {
    const random = createRandom(seed);
    const tokens = (seeds[seed % seeds.length] ?? '').match(/\w+|\.\.\.|"[^"]*"|\S/g) ?? [];
    const odd = [
      '\0',
      '\ud800',
      '"""',
      '#',
      '@x',
      '$',
      '...',
      '{',
      '}',
      '(',
      '-1e999',
      'null',
      '\u202e',
    ];
    for (let change = 0; change <= random(4); change += 1) {
      const at = random(tokens.length);
      const other = tokens[random(tokens.length)] ?? '';
      const pieces = [[], [other], [tokens[at] ?? '', other], [odd[random(odd.length)] ?? '']];
      tokens.splice(at, 1, ...(pieces[random(pieces.length)] ?? []));
    }
    return tokens.join(' ');
  }

  test('get an error with a code, never an internal error', async () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const query = mangle(seed);
      for (const headers of [{}, { authorization: `Bearer ${team.owner.token}` }]) {
        const variables = { id: seed % 2 ? team.tenantId : 'tenant_x' };
        const { status, text } = await post(app, { query, variables }, headers);
        const response = JSON.parse(text);
        const codes =
          response.errors?.map(({ extensions }: GraphQLFailure) => extensions?.code) ?? [];
        expect({ seed, query, status: status < 500, codes }).toEqual({
          seed,
          query,
          status: true,
          codes: codes.filter((code: string) => code && code !== 'INTERNAL'),
        });
      }
    }
  });
});
