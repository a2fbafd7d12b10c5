import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
} from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { createProgram } from '../support/api-keys.ts';
import { openSession, post } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { readRows } from '../support/mutate.ts';
import { createMember, createTeam, type Person, type Team, toPublicId } from '../support/people.ts';

const app = describeApp({ SIGN_IN_FREE_FAILURES: '100' });
let team: Team;
/** A valid value for each input field, by name. Other fields take `some text`. */
let goodValues: Record<string, unknown>;

beforeAll(async () => {
  team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const { id } = await openSession(app, member, team.slug);
  const { rows } = await app.owner.query(
    `insert into roles (tenant_id, key, name, permissions) values ($1, 'own', 'Own', '{}')
     returning id`,
    [team.tenantUuid],
  );
  goodValues = {
    ...{ email: team.owner.email, name: 'A name', slug: 'a-fine-slug', key: 'a-key' },
    ...{ tenantName: 'A tenant', tenantSlug: team.slug, description: 'What it is for' },
    ...{ password: team.owner.password, currentPassword: team.owner.password },
    ...{ newPassword: 'patient lighthouse over gravel', locale: 'pt-BR' },
    ...{ avatarUrl: 'https://pictures.example/1.png', metadata: { a: 1 } },
    ...{ roleKeys: ['viewer'], permissions: ['tenant:read'] },
    ...{ tenantId: team.tenantId, userId: member.userId, membershipId: member.membershipId },
    ...{
      roleId: toPublicId('role', rows[0].id, team.tenantUuid),
      sessionId: id,
      apiKeyId: (await createProgram(app, team.owner, team, 'tenant:read')).id,
      toUserId: member.userId,
      invitationId: toPublicId('invite', rows[0].id, team.tenantUuid),
    },
    ...{
      invitations: [{ email: 'new@people.example', roleKeys: ['viewer'] }],
      idempotencyKey: null,
    },
  };
});

/** Texts that PostgreSQL cannot store. */
const unstorableTexts = {
  NUL: 'before\0after',
  'only NUL': '\0',
  'a lone high surrogate': 'before\ud800after',
  'a lone low surrogate': '\udc00after',
};

const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).flatMap((field) => {
  const type = field.args[0] && getNamedType(field.args[0].type);
  return [{ name: field.name, input: isInputObjectType(type) ? type : null }];
});

type TextPlace = { path: string[]; type: string };

/** Every place in an input that takes a text, including lists and nested inputs. */
function listTextPlaces(input: GraphQLInputObjectType): TextPlace[] {
  return Object.values(input.getFields()).flatMap(({ name, type }) => {
    const inner = getNamedType(type);
    const below = isInputObjectType(inner)
      ? listTextPlaces(inner)
      : [{ path: [], type: inner.name }];
    const step = isListType(getNullableType(type)) ? [name, '0'] : [name];
    return below
      .filter((spot) => ['String', 'ID', 'JSON'].includes(spot.type))
      .map((spot) => ({ ...spot, path: [...step, ...spot.path] }));
  });
}

/** A valid input, except for `text` at one place. */
function createInput(type: GraphQLInputType, [step, ...path]: string[], text?: string): unknown {
  const inner = getNullableType(type);
  if (isListType(inner)) return [createInput(inner.ofType, step === '0' ? path : [], text)];
  if (!isInputObjectType(inner)) return inner.name === 'JSON' ? { deep: [{ a: text }] } : text;
  const fields = Object.values(inner.getFields()).flatMap(({ name, type: fieldType }) => {
    if (name === step) return [[name, createInput(fieldType, path, text)]];
    if (Object.hasOwn(goodValues, name)) return [[name, goodValues[name]]];
    return String(fieldType).startsWith('String') ? [[name, 'some text']] : [];
  });
  return Object.fromEntries(fields);
}

async function mutate(name: string, input: unknown, person: Person | null) {
  const type = mutations.find((mutation) => mutation.name === name)?.input;
  const [declared, given] = type ? [`($input: ${type.name}!)`, '(input: $input)'] : ['', ''];
  const query = `mutation ${declared} { ${name}${given} { __typename ... on Error { code path } } }`;
  const headers = person ? { authorization: `Bearer ${person.token}` } : undefined;
  const { status, text } = await post(app, { query, variables: { input } }, headers);
  const { data, errors } = JSON.parse(text);
  const [error] = errors ?? [];
  const outcome = error?.extensions ?? data[name];
  return { status, code: outcome.code ?? null, path: outcome.path ?? null };
}

describe('a text that PostgreSQL cannot store', () => {
  // These are compared, not stored, so the text is merely wrong. The error does not say which one was.
  const wrongSecrets = [
    ...['signIn.password', 'signIn.tenantSlug', 'changePassword.currentPassword'],
    'confirmPassword.password',
  ];
  /** Places where another error comes first, or where each entry of a list has its own result. */
  const otherCodes = new Map<string, string | null>([
    ...['acceptInvitation', 'declineInvitation'].flatMap((name): [string, string][] => [
      [`${name}.invitationId`, 'BAD_USER_INPUT'],
      [`${name}.token`, 'BAD_USER_INPUT'],
    ]),
    ['inviteMembers.invitations.0.email', null],
    ['inviteMembers.invitations.0.roleKeys.0', null],
  ]);
  const places = mutations.flatMap(({ name, input }) =>
    (input ? listTextPlaces(input) : []).map((spot) => [name, spot.path.join('.'), spot] as const),
  );

  test.each(places)(
    'in %s(%s) returns a typed error and changes nothing',
    async (name, place, spot) => {
      const input = mutations.find((mutation) => mutation.name === name)?.input;
      const before = await readRows(app);
      const seen: Record<string, unknown> = {};
      for (const [kind, text] of Object.entries(unstorableTexts)) {
        const { code } = await mutate(
          name,
          createInput(input as never, spot.path, text),
          team.owner,
        );
        seen[kind] = code;
      }
      const isSecret = wrongSecrets.includes(`${name}.${place}`);
      const usual = spot.type === 'ID' ? 'NOT_FOUND' : 'BAD_USER_INPUT';
      const special = otherCodes.get(`${name}.${place}`);
      const code = isSecret ? 'UNAUTHENTICATED' : special === undefined ? usual : special;
      expect(seen).toEqual(
        Object.fromEntries(Object.keys(unstorableTexts).map((kind) => [kind, code])),
      );
      expect(await readRows(app)).toEqual(before);
    },
  );

  const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
  const args = [
    ...fields.flatMap((field) =>
      field.args
        .filter(({ type }) => ['String', 'ID'].includes(getNamedType(type).name))
        .map((arg) => [field.name, arg.name, String(arg.type), field.args] as const),
    ),
  ];

  test.each(args)(
    'in %s(%s:) of a query is never an internal error',
    async (field, name, type, all) => {
      const others = all.filter((arg) => arg.name !== name && String(arg.type).endsWith('!'));
      const given = others.map(
        (arg) => `${arg.name}: ${String(arg.type).startsWith('[') ? '[]' : '"x"'}`,
      );
      const inner = type.startsWith('[') ? (text: string) => [text] : (text: string) => text;
      const selection =
        field === 'tenants' || field === 'users' ? 'edges { cursor }' : '__typename';
      const query = `query ($value: ${type}) { ${field}(${[`${name}: $value`, ...given].join(', ')}) { ${selection} } }`;
      for (const text of Object.values(unstorableTexts)) {
        for (const headers of [{}, { authorization: `Bearer ${team.owner.token}` }]) {
          const reply = await post(app, { query, variables: { value: inner(text) } }, headers);
          expect([reply.status < 500, reply.text]).toEqual([
            true,
            expect.not.stringContaining('INTERNAL'),
          ]);
        }
      }
    },
  );
});

describe('an anonymous caller', () => {
  const publicNames = ['signIn', 'signUp', 'requestPasswordReset', 'resetPassword', 'verifyEmail'];
  const names = mutations.map(({ name }) => name).filter((name) => !publicNames.includes(name));

  test.each(names)('is rejected by %s whatever ids the input contains', async (name) => {
    const input = mutations.find((mutation) => mutation.name === name)?.input;
    const before = await readRows(app);
    const outcome = await mutate(name, input && createInput(input, []), null);
    expect(outcome).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await readRows(app)).toEqual(before);
  });
});

describe('every mutation', () => {
  const names = mutations.flatMap(({ name, input }) => (input ? [name] : []));

  test.each(names)('%s rejects values of the wrong type and unknown fields', async (name) => {
    const before = await readRows(app);
    const type = mutations.find((mutation) => mutation.name === name)?.input;
    const good = createInput(type as never, []) as object;
    const wrong: unknown[] = [null, 7, 'text', [[]], [{}, {}], { ...good, isPlatformAdmin: true }];
    for (const [field] of Object.entries(good)) {
      if (field !== 'metadata') wrong.push({ ...good, [field]: { no: 'text' } });
    }
    for (const input of wrong) {
      const outcome = await mutate(name, input, team.owner);
      expect({ input, ...outcome }).toMatchObject({ status: 200, code: 'BAD_USER_INPUT' });
    }
    expect(await readRows(app)).toEqual(before);
  });
});

describe('a page size out of bounds', () => {
  const lists = [
    'viewer { memberships(%) { edges { cursor } } }',
    'viewer { sessions(%) { edges { cursor } } }',
    'tenant(slug: "@") { memberships(%) { edges { cursor } } }',
    'tenant(slug: "@") { sessions(%) { edges { cursor } } }',
    'viewer { user { sessions(%) { edges { cursor } } } }',
    'viewer { user { memberships(%) { edges { cursor } } } }',
  ];

  test.each(lists)('of %s is rejected with the name of the argument', async (list) => {
    for (const first of ['101', '0', '-1', '2147483647']) {
      const text = list.replace('%', `first: ${first}`).replace('@', team.slug);
      const { errors } = await team.owner.ask(`{ ${text} }`);
      expect([first, errors?.[0]?.extensions]).toMatchObject([
        first,
        { code: 'BAD_USER_INPUT', path: ['first'] },
      ]);
    }
    const text = list.replace('%', 'first: 100').replace('@', team.slug);
    expect((await team.owner.ask(`{ ${text} }`)).errors).toBeUndefined();
  });

  test.each(['2147483648', '1e400', '1.5', '"1"', 'true', '[1]', '{}'])(
    'such as first: %s is rejected',
    async (first) => {
      const { errors } = await team.owner.ask(
        `{ viewer { sessions(first: ${first}) { edges { cursor } } } }`,
      );
      expect(errors?.[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/);
    },
  );
});

describe('JSON that is nested very deeply', () => {
  const nestText = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

  test.each([9, 31, 33, 1_000, 15_000])(
    'is rejected at %i levels in the variables',
    async (depth) => {
      const query =
        'mutation ($m: JSON) { updateProfile(input: { metadata: $m }) { ... on Error { code } } }';
      const body = `{"query":${JSON.stringify(query)},"variables":{"m":${nestText(depth)}}}`;
      const { status, text } = await post(app, body, {
        authorization: `Bearer ${team.owner.token}`,
      });
      expect([200, 400, 413]).toContain(status);
      expect(text).toMatch(/BAD_USER_INPUT|BAD_REQUEST|nested|too/i);
      expect(text).not.toContain('INTERNAL');
    },
  );

  test.each([9, 100, 240])('is rejected at %i levels in the document', async (depth) => {
    const literal = `${'{a:'.repeat(depth)}1${'}'.repeat(depth)}`;
    const response = await team.owner.ask(
      `mutation { updateProfile(input: { metadata: ${literal} }) { ... on Error { code } } }`,
    );
    const code = response.errors?.[0]?.extensions?.code ?? response.data?.updateProfile.code;
    expect(['BAD_USER_INPUT', 'QUERY_TOO_COMPLEX']).toContain(code);
  });
});
