import type { GraphQLResult, TestApp } from './app.ts';
import type { Ask } from './cast.ts';

/** The outcome of a mutation. An error has a code, and a path if it is about one field. */
export type Outcome = {
  code: string | null;
  path: string[] | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests read responses of every shape.
  value: any;
};

/** The input type of each mutation and the fields read on success. */
const mutations = {
  updateProfile: ['UpdateProfileInput', 'user { id name avatarUrl locale metadata }'],
  createTenant: ['CreateTenantInput', 'tenant { id slug name metadata viewerPermissions }'],
  updateTenant: ['UpdateTenantInput', 'tenant { id slug name metadata }'],
  updateMembership: [
    'UpdateMembershipInput',
    'membership { id isActive metadata permissions roles { key } }',
  ],
  removeMember: ['MembershipIdInput', 'removedMembershipId'],
  leaveTenant: ['TenantIdInput', 'leftTenantId'],
} as const;

export type MutationName = keyof typeof mutations;

/** Sends a mutation. Returns a top-level error like one of the union. */
export async function mutate(ask: Ask, name: MutationName, input: object): Promise<Outcome> {
  const [inputType, fields] = mutations[name];
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const { data, errors } = await ask(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      ... on ${success} { ${fields} } ... on Error { code path } } }`,
    { variables: { input } },
  );
  if (errors) return { code: codeOf({ errors }), path: pathOf({ errors }), value: null };
  const { code = null, path = null, ...value } = data[name];
  return { code, path, value };
}

/** Changes a membership. */
export function updateMembership(ask: Ask, membershipId: string, changes: object) {
  return mutate(ask, 'updateMembership', { membershipId, ...changes });
}

/** The code of the first error at the top level, or null. */
export function codeOf({ errors }: GraphQLResult): string | null {
  return errors?.[0]?.extensions?.code ?? null;
}

/** The input field that the first error at the top level is about, or null. */
export function pathOf({ errors }: GraphQLResult): string[] | null {
  return errors?.[0]?.extensions?.path ?? null;
}

const tables = [
  'users',
  'password_credentials',
  'tenants',
  'roles',
  'user_tenants',
  'membership_roles',
  'sessions',
  'api_keys',
];

/** Every row of these tables, without the times at which sessions and keys were last used. */
export async function readRows(app: TestApp): Promise<string[]> {
  const selects = tables.map(
    (table) =>
      `select '${table} ' || (to_jsonb(t) - 'last_seen_at' - 'last_used_at')::text as row from ${table} t`,
  );
  const { rows } = await app.owner.query(`${selects.join(' union all ')} order by 1`);
  return rows.map(({ row }) => row);
}

const nul = '\u0000';
const loneSurrogate = '\ud800';

/** Texts that every single-line field rejects; `max` is its greatest length in characters. */
export function listInvalidTexts(max: number): [string, string][] {
  return [
    ['over-long', 'x'.repeat(max + 1)],
    ['empty', ''],
    ['blank', '  '],
    ['NUL', `before${nul}after`],
    ['a lone surrogate', `before${loneSurrogate}after`],
    ['a line break', 'before\nafter'],
    ['a text direction override', 'before\u202eafter'],
  ];
}

/** Metadata that is rejected everywhere. */
export const invalidMetadata: [string, unknown][] = [
  ['a text', 'text'],
  ['an empty text', ''],
  ['a number', 7],
  ['zero', 0],
  ['false', false],
  ['a list', [1]],
  ['an object nested nine deep', nest(9)],
  ['an object of more than 16 KiB', { text: 'x'.repeat(16_384) }],
  ['the key __proto__', JSON.parse('{"__proto__": {"isAdmin": true}}')],
  ['the key __proto__ further in', JSON.parse('{"a": [{"__proto__": 1}]}')],
  ['the key constructor', { constructor: 1 }],
  ['NUL in a value', { a: nul }],
  ['NUL in a key', { [nul]: 1 }],
  ['a lone surrogate in a value', { a: loneSurrogate }],
  ['a lone surrogate in a key', { [loneSurrogate]: 1 }],
];

/** Metadata at the limits of what is accepted. */
export const boundaryMetadata: [string, object][] = [
  ['an object nested eight deep', nest(8)],
  ['an object of exactly 16 KiB', { text: 'x'.repeat(16_384 - '{"text":""}'.length) }],
  ['an empty object', {}],
];

function nest(depth: number): object {
  return depth === 1 ? {} : { a: nest(depth - 1) };
}
