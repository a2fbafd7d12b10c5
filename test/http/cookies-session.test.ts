import { beforeEach, describe, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { createPerson, createPlatformAdmin, createTeam, type Person } from '../support/people.ts';
import { sendRequest } from './fixture.ts';

const app = describeApp();

let person: Person;
beforeEach(async () => {
  person = await createPerson(app);
});

const wantsCookie = { 'x-tenantry-session': 'cookie' };
const streamed = { accept: 'text/event-stream' };
const csrf = { 'x-tenantry-csrf': '1' };

const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) {
  ... on SignInSuccess { token session { id isCurrent } user { email } } ... on Error { code } } }`;
const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) {
  ... on SignUpSuccess { token session { id isCurrent } user { email } } ... on Error { code } } }`;
const switchTenant = `mutation ($input: SwitchTenantInput!) { switchTenant(input: $input) {
  ... on SignInSuccess { token session { isCurrent tenant { id } } } ... on Error { code } } }`;
const signOut = 'mutation { signOut { ... on SignOutSuccess { ok } ... on Error { code } } }';
const revokeSession = `mutation ($input: SessionIdInput!) { revokeSession(input: $input) {
  ... on RevokeSessionSuccess { revokedSessionId } ... on Error { code } } }`;
const revokeSessions = `mutation ($input: RevokeSessionsInput!) { revokeSessions(input: $input) {
  ... on RevokeSessionsSuccess { revokedCount } ... on Error { code } } }`;

type Headers = Record<string, string>;

/** Sends an operation; `setCookie` is null if the response does not change the cookie. */
async function send(query: string, input: object | null, headers: Headers) {
  const reply = await sendRequest(Number(new URL(app.url).port), {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables: input ? { input } : {} }),
  });
  return {
    ...reply,
    setCookie: getSetCookie(reply.headers['set-cookie']),
    json: parse(reply.body),
  };
}

function getSetCookie(lines: string[] | undefined): string | null {
  expect(lines?.length ?? 1).toBe(1);
  return lines?.[0] ?? null;
}

/** Yoga writes the one result of an event stream as `data:`. */
function parse(body: string) {
  return JSON.parse(/^data: ({.*})$/m.exec(body)?.[1] ?? body);
}

const cookieFormat =
  /^__Host-tenantry_session=(tenantry_session_[0-9A-Za-z]{49}); Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=(\d+)$/;
const cleared = '__Host-tenantry_session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0';

/** Returns the token and lifetime of a cookie; throws unless its attributes are exactly as documented. */
function readCookie(setCookie: string | null): { token: string; maxAge: number; header: Headers } {
  const [, token = '', maxAge = ''] = cookieFormat.exec(setCookie ?? '') ?? [];
  if (token === '') throw new Error(`not a session cookie: ${setCookie}`);
  return { token, maxAge: Number(maxAge), header: { cookie: `__Host-tenantry_session=${token}` } };
}

async function signInWithCookie({ email, password }: Person, headers: Headers = {}) {
  const { setCookie, json } = await send(
    signIn,
    { email, password },
    { ...wantsCookie, ...headers },
  );
  return { ...readCookie(setCookie), sessionId: String(json.data.signIn.session.id) };
}

/** Returns the e-mail address of the caller, or null for an anonymous request. */
async function findCaller(headers: Headers): Promise<string | null> {
  const { json, setCookie } = await send('{ viewer { user { email } } }', null, {
    ...csrf,
    ...headers,
  });
  expect(setCookie).toBeNull();
  return json.data.viewer?.user.email ?? null;
}

describe('signing in', () => {
  test.each([
    ['the fast path', {}],
    ['Yoga', streamed],
  ])('puts the token into the cookie and nowhere else, through %s', async (_, headers: Headers) => {
    const { email, password } = person;
    const reply = await send(signIn, { email, password }, { ...wantsCookie, ...headers });
    const { token, maxAge, header } = readCookie(reply.setCookie);
    expect(maxAge).toBe(2_592_000);
    expect(reply.body).not.toContain('tenantry_session_');
    expect(reply.json.data.signIn).toMatchObject({
      token: '',
      session: { isCurrent: true },
      user: { email },
    });
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(await findCaller(header)).toBe(email);
    expect(await findCaller({ authorization: `Bearer ${token}` })).toBe(email);
  });

  test('for the first time, by sign-up, sets the same cookie', async () => {
    const email = `new-${person.email}`;
    const input = { email, password: 'a long enough secret of nobody' };
    const { json, setCookie, body } = await send(signUp, input, wantsCookie);
    const { header, maxAge } = readCookie(setCookie);
    expect(json.data.signUp).toMatchObject({ token: '', user: { email } });
    expect(body).not.toContain('tenantry_session_');
    expect(maxAge).toBe(2_592_000);
    expect(await findCaller(header)).toBe(email);
  });

  test('limits the cookie of a platform administrator to the lifetime of the session', async () => {
    const { maxAge } = await signInWithCookie(await createPlatformAdmin(app));
    expect(maxAge).toBe(43_200);
  });

  test('returns the token and sets no cookie unless a cookie is requested', async () => {
    const { email, password } = person;
    const { json, setCookie } = await send(signIn, { email, password }, {});
    expect(setCookie).toBeNull();
    expect(json.data.signIn.token).toMatch(/^tenantry_session_/);
  });

  test('with a wrong password sets no cookie and keeps the existing one', async () => {
    const { header } = await signInWithCookie(person);
    const input = { email: person.email, password: 'not the password of anybody' };
    for (const headers of [wantsCookie, { ...wantsCookie, ...header }]) {
      const { json, setCookie } = await send(signIn, input, headers);
      expect([json.data.signIn.code, setCookie]).toEqual(['UNAUTHENTICATED', null]);
    }
    expect(await findCaller(header)).toBe(person.email);
  });

  test('again ends the session of the cookie and no other', async () => {
    const elsewhere = await signInWithCookie(person);
    const old = await signInWithCookie(person);
    const renewed = await signInWithCookie(person, old.header);
    expect(await findCaller(old.header)).toBeNull();
    for (const { header } of [renewed, elsewhere]) {
      expect(await findCaller(header)).toBe(person.email);
    }
    const other = await createPerson(app);
    const taken = await signInWithCookie(other, renewed.header);
    expect(await findCaller(renewed.header)).toBeNull();
    expect(await findCaller(taken.header)).toBe(other.email);
  });

  test('with a bearer token keeps the session of that token valid', async () => {
    await signInWithCookie(person, { authorization: `Bearer ${person.token}` });
    expect(await findCaller({ authorization: `Bearer ${person.token}` })).toBe(person.email);
  });

  test('with a cookie never returns a token, even if no cookie is requested', async () => {
    const { header } = await signInWithCookie(person);
    const { email, password } = person;
    const { body, setCookie } = await send(signIn, { email, password }, { ...header, ...csrf });
    expect(body).not.toContain('tenantry_session_');
    expect(readCookie(setCookie).token).not.toBe('');
  });
});

describe('the cookie', () => {
  test('also authenticates GET requests', async () => {
    const { header } = await signInWithCookie(person);
    const { body } = await sendRequest(Number(new URL(app.url).port), {
      method: 'GET',
      path: `/graphql?query=${encodeURIComponent('{ viewer { user { email } } }')}`,
      headers: header,
    });
    expect(JSON.parse(body)).toEqual({ data: { viewer: { user: { email: person.email } } } });
  });

  test('is ignored next to an Authorization header, valid or not', async () => {
    const { header } = await signInWithCookie(person);
    const other = await createPerson(app);
    const bearer = { authorization: `Bearer ${other.token}` };
    expect(await findCaller({ ...header, ...bearer })).toBe(other.email);
    expect(await findCaller({ ...header, authorization: `${bearer.authorization}x` })).toBeNull();
    expect(await findCaller({ ...header, authorization: 'Basic eA==' })).toBeNull();
    expect(await findCaller({ ...header, authorization: '' })).toBeNull();
  });

  test('is rejected without a statement if it is malformed', async () => {
    const { token } = await signInWithCookie(person);
    for (const value of ['x', `${token}x`, token.slice(0, -1), token.toLowerCase(), '"', '%00']) {
      app.statements.length = 0;
      expect(await findCaller({ cookie: `__Host-tenantry_session=${value}` })).toBeNull();
      expect(app.statements).toEqual([]);
    }
  });

  test('is replaced when the tenant is switched, and the old one is invalid', async () => {
    const team = await createTeam(app);
    const old = await signInWithCookie(team.owner);
    const { json, body, setCookie } = await send(
      switchTenant,
      { tenantId: team.tenantId },
      { ...old.header, ...csrf },
    );
    expect(json.data.switchTenant).toEqual({
      token: '',
      session: { isCurrent: true, tenant: { id: team.tenantId } },
    });
    expect(body).not.toContain('tenantry_session_');
    expect(await findCaller(old.header)).toBeNull();
    expect(await findCaller(readCookie(setCookie).header)).toBe(team.owner.email);
  });

  test('is kept when a switch to a foreign tenant is rejected', async () => {
    const team = await createTeam(app);
    const { header } = await signInWithCookie(person);
    const { json, setCookie } = await send(
      switchTenant,
      { tenantId: team.tenantId },
      { ...header, ...csrf },
    );
    expect([json.data.switchTenant.code, setCookie]).toEqual(['NOT_FOUND', null]);
    expect(await findCaller(header)).toBe(person.email);
  });

  test('replaces a bearer token that switches the tenant and requests a cookie', async () => {
    const team = await createTeam(app);
    const bearer = { authorization: `Bearer ${team.owner.token}` };
    const { json, setCookie } = await send(
      switchTenant,
      { tenantId: team.tenantId },
      { ...bearer, ...wantsCookie },
    );
    expect(json.data.switchTenant.token).toBe('');
    expect(await findCaller(readCookie(setCookie).header)).toBe(team.owner.email);
    expect(await findCaller(bearer)).toBeNull();
  });
});

describe('the cookie is cleared', () => {
  test('by signing out, which ends no other session', async () => {
    const { header } = await signInWithCookie(person);
    const stranger = await signInWithCookie(await createPerson(app));
    const { json, setCookie } = await send(signOut, null, { ...header, ...csrf });
    expect([json.data.signOut, setCookie]).toEqual([{ ok: true }, cleared]);
    expect(await findCaller(header)).toBeNull();
    expect(await findCaller(stranger.header)).not.toBeNull();
  });

  test('by signing out of a session that has already ended', async () => {
    const { header } = await signInWithCookie(person);
    await send(signOut, null, { ...header, ...csrf });
    const { json, setCookie } = await send(signOut, null, { ...header, ...csrf });
    expect([json.errors[0].extensions.code, setCookie]).toEqual(['UNAUTHENTICATED', cleared]);
  });

  test('by revoking its session, and by revoking all sessions', async () => {
    const one = await signInWithCookie(person);
    const two = await signInWithCookie(person);
    const three = await signInWithCookie(person);
    const asOne = { ...one.header, ...csrf };
    const other = await send(revokeSession, { sessionId: three.sessionId }, asOne);
    expect(other.setCookie).toBeNull();
    const own = await send(revokeSession, { sessionId: one.sessionId }, asOne);
    expect(own.setCookie).toBe(cleared);
    const asTwo = { ...two.header, ...csrf };
    expect((await send(revokeSessions, {}, asTwo)).setCookie).toBeNull();
    expect((await send(revokeSessions, { includeCurrent: true }, asTwo)).setCookie).toBe(cleared);
    for (const { header } of [one, two, three]) expect(await findCaller(header)).toBeNull();
  });

  // Responses may overtake each other: one to the old cookie must not undo a switch of the tenant.
  test('but not because its session has ended elsewhere', async () => {
    const { header } = await signInWithCookie(person);
    await person.ask('mutation { revokeSessions(input: {}) { __typename } }');
    expect(await findCaller(header)).toBeNull();
  });

  test('but not by signing out with a bearer token', async () => {
    const { header } = await signInWithCookie(person);
    const bearer = { authorization: `Bearer ${person.token}` };
    for (const headers of [bearer, { ...bearer, ...header, ...wantsCookie }]) {
      const { setCookie } = await send(signOut, null, headers);
      expect(setCookie).toBeNull();
    }
    expect(await findCaller(header)).toBe(person.email);
  });
});
