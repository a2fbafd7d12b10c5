import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OperatedApp, startOperatedApp } from '../cli/operator-fixture.ts';
import { createProgram, isKeyValid, toProgram } from '../support/api-keys.ts';
import { isValid, send, toOpenSession } from '../support/credentials.ts';
import { importInto, toNdjson } from '../support/import-into.ts';
import { mutate } from '../support/mutate.ts';
import { createPerson, createTeam, type Person, type Team } from '../support/people.ts';

// Typed and pasted input may be surrounded by blanks. The API, the command line and the import trim it.

let app: OperatedApp;
let mary: Person;
let team: Team;
beforeAll(async () => {
  app = await startOperatedApp();
  team = await createTeam(app);
  mary = await createPerson(app, 'mary@pasted.example');
});
afterAll(() => app.close());

/** Variants as phones, web pages, spreadsheets and address books produce them. */
const pasted = (text: string): string[] => [
  `${text} `,
  `\u00a0${text}\t`,
  `${text}\r\n`,
  `\u200b${text}\ufeff`,
  `\u202a${text}\u202c`,
  `\u3000${text}\u3000`,
];

describe('blanks around an e-mail address', () => {
  const password = 'slow violet tractors hum';

  test('do not prevent a sign-in', async () => {
    for (const email of [...pasted(mary.email), `mailto:${mary.email}`, `<${mary.email}>`]) {
      const { code, value } = await send(app.ask, 'signIn', { email, password: mary.password });
      expect([code, value.user?.email], JSON.stringify(email)).toEqual([null, mary.email]);
    }
  });

  test('do not create a second account', async () => {
    for (const email of pasted(mary.email)) {
      const { code, path } = await send(app.ask, 'signUp', { email, password });
      expect([code, path], JSON.stringify(email)).toEqual(['CONFLICT', ['email']]);
    }
    const { value } = await send(app.ask, 'signUp', { email: ' new@pasted.example\n', password });
    expect(value.user.email).toBe('new@pasted.example');
  });

  test('do not give an attacker further password attempts', async () => {
    const { email } = await createPerson(app, 'attempts@pasted.example');
    const codes: (string | null)[] = [];
    for (const spelling of [...pasted(email), email]) {
      codes.push((await send(app.ask, 'signIn', { email: spelling, password })).code);
    }
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('UNAUTHENTICATED'));
    expect(codes.at(-1)).toBe('RATE_LIMITED');
  });

  test('are trimmed in invitations, password resets and the lookup of a member', async () => {
    const { data } = await team.owner.ask(
      `mutation ($input: InviteMembersInput!) { inviteMembers(input: $input) {
        ... on InviteMembersSuccess { results { invitation { email } error { ... on Error { code } } } } } }`,
      {
        variables: {
          input: {
            tenantId: team.tenantId,
            invitations: [
              { email: ' joan@pasted.example\u00a0', roleKeys: ['member '] },
              { email: 'JOAN@pasted.example', roleKeys: [] },
            ],
          },
        },
      },
    );
    expect(data.inviteMembers.results).toEqual([
      { invitation: { email: 'joan@pasted.example' }, error: null },
      { invitation: null, error: { code: 'CONFLICT' } },
    ]);
    const reset = await send(app.ask, 'requestPasswordReset', { email: `\t${mary.email}` });
    expect(reset.code).toBeNull();
    const { data: found } = await team.owner.ask(
      `query ($id: ID!, $email: String!) { tenant(id: $id) { memberships(where: {email: $email}) {
        edges { node { user { email } } } } } }`,
      { variables: { id: ` ${team.tenantId}\n`, email: `${team.owner.email} ` } },
    );
    expect(found.tenant.memberships.edges).toEqual([
      { node: { user: { email: team.owner.email } } },
    ]);
  });

  test('are trimmed by the command line and by the import', async () => {
    for (const email of pasted(mary.email)) {
      expect(await app.runJson('user', 'show', email)).toMatchObject({ email: mary.email });
    }
    const { results } = await importInto(app, {
      format: 'ndjson',
      text: toNdjson([
        ...pasted('imported@pasted.example').map((email) => ({ email })),
        {
          email: ' with@pasted.example ',
          name: ' Ada ',
          tenantSlug: ` ${team.slug}\t`,
          roleKeys: 'member ',
        },
      ]),
    });
    expect(results.map(({ email, outcome }) => `${email} ${outcome}`)).toEqual([
      'imported@pasted.example created',
      ...Array(5).fill('imported@pasted.example skipped'),
      'with@pasted.example created',
    ]);
    const { rows } = await app.owner.query(`select name from users where email like 'with@%'`);
    expect(rows).toEqual([{ name: 'Ada' }]);
  });

  test('are trimmed in a spreadsheet, and a blank cell counts as empty', async () => {
    const { results } = await importInto(app, {
      format: 'csv',
      text: '\ufeffemail,name,locale,emailVerified\n cell@pasted.example ,\u00a0, en ,true \n',
    });
    expect(results).toMatchObject([{ email: 'cell@pasted.example', outcome: 'created' }]);
    const { rows } = await app.owner.query(
      `select name, locale, email_verified_at is not null as proven from users where email like 'cell@%'`,
    );
    expect(rows).toEqual([{ name: null, locale: 'en', proven: true }]);
  });
});

describe('blanks around a token', () => {
  test('do not prevent the verification of a session or the use of a bearer token', async () => {
    for (const token of pasted(mary.token)) {
      const { data } = await mary.ask(
        'query ($token: String!) { verifySession(token: $token) { valid } }',
        { variables: { token } },
      );
      expect(data.verifySession.valid, JSON.stringify(token)).toBe(true);
    }
    for (const authorization of [`Bearer  ${mary.token}`, ` bearer\t${mary.token} `]) {
      const { data } = await app.ask('{ viewer { user { email } } }', {
        headers: { authorization },
      });
      expect(data.viewer.user.email).toBe(mary.email);
    }
  });

  test('do not make an invalid token valid or the token of another user readable', async () => {
    const [, rest] = mary.token.split('_session_');
    expect(await isValid(toOpenSession(app, `tenantry_session_ ${rest}`))).toBe(false);
    const { errors } = await team.owner.ask(
      'query ($token: String!) { verifySession(token: $token) { valid } }',
      { variables: { token: ` ${mary.token} ` } },
    );
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  test('are ignored around an API key', async () => {
    const program = await createProgram(app, team.owner, team, 'members:read');
    const pastedKey = { secret: ` ${program.token} `, apiKey: { id: program.id } };
    expect(await isKeyValid(toProgram(app, pastedKey))).toBe(true);
  });
});

describe('blanks around slugs, ids and names', () => {
  test('are ignored in the API and the command line, and a stranger still finds nothing', async () => {
    for (const slug of pasted(team.slug)) {
      const variables = { slug };
      const query = 'query ($slug: String!) { tenant(slug: $slug) { id } }';
      expect((await team.owner.ask(query, { variables })).data.tenant.id).toBe(team.tenantId);
      expect((await mary.ask(query, { variables })).data.tenant).toBeNull();
    }
    expect(await app.runJson('tenant', 'show', `${team.slug} `)).toMatchObject({ slug: team.slug });
    const { email, password } = team.owner;
    const bound = await send(app.ask, 'signIn', { email, password, tenantSlug: ` ${team.slug} ` });
    expect(bound.value.session.tenant).toEqual({ slug: team.slug });
  });

  test('are not stored', async () => {
    const created = await mutate(mary.ask, 'createTenant', {
      name: ' Pasted\u00a0',
      slug: ' pasted-slug\n',
    });
    expect(created.value.tenant).toMatchObject({ name: 'Pasted', slug: 'pasted-slug' });
    const profile = await mutate(mary.ask, 'updateProfile', {
      name: '\tMary ',
      locale: 'en ',
      avatarUrl: ' https://pictures.example/mary.png ',
    });
    expect(profile.value.user).toMatchObject({
      name: 'Mary',
      locale: 'en',
      avatarUrl: 'https://pictures.example/mary.png',
    });
    const { data } = await team.owner.ask(
      `mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) {
        ... on UpdateTenantSuccess { tenant { settings { allowedEmailDomains } } } } }`,
      {
        variables: {
          input: {
            tenantId: team.tenantId,
            settings: { allowedEmailDomains: [' Pasted.example '] },
          },
        },
      },
    );
    expect(data.updateTenant.tenant.settings.allowedEmailDomains).toEqual(['pasted.example']);
  });

  test('are kept in a password', async () => {
    const email = 'blanks@pasted.example';
    const password = ' slow violet tractors hum ';
    expect(await send(app.ask, 'signUp', { email, password })).toMatchObject({ code: null });
    const trimmed = await send(app.ask, 'signIn', { email, password: password.trim() });
    expect(trimmed.code).toBe('UNAUTHENTICATED');
    expect(await send(app.ask, 'signIn', { email, password })).toMatchObject({ code: null });
  });
});
