import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type BareApp, runAt, startBareApp } from '../support/bare-app.ts';
import { waitUntil } from '../support/child.ts';
import { post } from '../support/credentials.ts';

const password = 'slow violet tractors hum';
const viewerQuery = '{ viewer { user { email } } }';
let serial = 0;

const signUpMutation = `mutation ($input: SignUpInput!) { signUp(input: $input) {
  ... on SignUpSuccess { token tenant { id slug } } ... on Error { code } } }`;

/** Whose session the requests of a test carry, and its tenant. */
type Caller = { email: string; token: string; tenantId: string };

async function createCaller(app: BareApp): Promise<Caller> {
  const email = `caller-${++serial}@errors.example`;
  const input = { email, password, tenantName: `Errors ${serial}` };
  const { data } = await app.ask(signUpMutation, { variables: { input } });
  return { email, token: data.signUp.token, tenantId: data.signUp.tenant.id };
}

/** An operation as it goes over the wire. */
async function request(app: BareApp, body: object, token?: string) {
  const headers = token ? { authorization: `Bearer ${token}` } : undefined;
  const reply = await post(app, body, headers);
  return { ...reply, json: JSON.parse(reply.text) };
}

/** Words of our insides that no answer may hold. */
const insides = [
  /prisma/i,
  /\bselect\b/i,
  /postgres/i,
  /function/i,
  /constraint/i,
  /argon2/i,
  /node_modules/,
  /\.ts\b/,
  /\bat .*:\d+/,
  /\b[0-9A-Z]{2}[0-9]{3}\b/,
];

describe('an unexpected error', () => {
  let app: BareApp;
  let caller: Caller;
  beforeAll(async () => {
    app = await startBareApp();
    caller = await createCaller(app);
  });
  afterAll(() => app.close());

  /** Runs `work` while a function of the database has another name. */
  async function without<T>(name: string, work: () => Promise<T>): Promise<T> {
    await app.asOwner(`alter function ${name} rename to missing`);
    try {
      return await work();
    } finally {
      await app.asOwner(`alter function missing rename to ${name}`);
    }
  }

  const tenantQuery = { query: 'query ($id: ID!) { tenant(id: $id) { slug } }' };

  test('is shown masked, with the id under which the log has all of it', async () => {
    const body = { ...tenantQuery, variables: { id: caller.tenantId } };
    const reply = await without('find_access', () => request(app, body, caller.token));
    const requestId = reply.headers.get('x-request-id');
    expect(reply.json).toEqual({
      data: { tenant: null },
      errors: [
        {
          message: expect.any(String),
          path: ['tenant'],
          locations: expect.any(Array),
          extensions: { code: 'INTERNAL', requestId },
        },
      ],
    });
    for (const word of insides) expect(reply.json.errors[0].message).not.toMatch(word);
    const logged = app.lines.filter((line) => requestId && line.includes(requestId));
    expect(logged.some((line) => /find_access/.test(line) && /"stack"/.test(line))).toBe(true);
    const again = await request(app, body, caller.token);
    expect(again.json.data.tenant).toEqual({ slug: expect.any(String) });
  });

  test('of one field leaves the answers of the others', async () => {
    const { json } = await without('find_access', () =>
      request(
        app,
        {
          query: `query ($id: ID!) { viewer { user { email } } tenant(id: $id) { slug } permissions { key } }`,
          variables: { id: caller.tenantId },
        },
        caller.token,
      ),
    );
    expect(json.data).toEqual({
      viewer: { user: { email: caller.email } },
      tenant: null,
      permissions: expect.arrayContaining([{ key: 'tenant:read' }]),
    });
    expect(json.errors).toHaveLength(1);
  });

  test('in the check of the session is no sign-out: it is an error, not a null viewer', async () => {
    const { json } = await without('find_live_sessions', () =>
      request(app, { query: viewerQuery }, caller.token),
    );
    expect(json.data?.viewer).toBeUndefined();
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
  });

  test('in a mutation leaves nothing half done', async () => {
    const input = { email: `half-done@errors.example`, password, tenantName: 'Half done' };
    const body = { query: signUpMutation, variables: { input } };
    const { json, text } = await without('note_sign_in', () => request(app, body));
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    for (const word of insides) expect(text).not.toMatch(word);
    const { rows } = await app.asOwner(
      `select email as found from users where email like 'half-done%'
       union all select slug from tenants where slug like 'half-done%'`,
    );
    expect(rows).toEqual([]);
  });

  test('in a sign-in leaves nothing half done, and no way in', async () => {
    const looks = () =>
      app.asOwner(
        `select (select count(*)::int from sessions s where s.user_id = u.id) as sessions,
           (select count(*)::int from audit_events e where e.actor_id = u.id) as told, u.last_sign_in_at
         from users u where u.email = $1`,
        [caller.email],
      );
    const { rows: before } = await looks();
    const query = `mutation ($input: SignInInput!) { signIn(input: $input) {
      ... on SignInSuccess { token } ... on Error { code } } }`;
    const body = { query, variables: { input: { email: caller.email, password } } };
    // The last that it does, so all that comes before has been done by then.
    const { json } = await without('release_sign_in', () => request(app, body));
    expect(json.data?.signIn).toBeUndefined();
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    expect((await looks()).rows).toEqual(before);
    expect((await request(app, body)).json.data.signIn.token).toEqual(expect.any(String));
  });

  test('about a row shows neither the caller nor the log what secrets stand in the row', async () => {
    await app.asOwner(
      'alter table password_credentials add constraint broken check (false) not valid',
    );
    const input = { email: 'row@errors.example', password };
    const { json, text } = await request(app, { query: signUpMutation, variables: { input } });
    await app.asOwner('alter table password_credentials drop constraint broken');
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    for (const word of [...insides, /violet/]) expect(text).not.toMatch(word);
    expect(app.lines.join('')).toContain('broken');
    for (const word of [/\$argon2id\$/, /violet/]) expect(app.lines.join('')).not.toMatch(word);
  });
});

describe('without its database', () => {
  let app: BareApp;
  let caller: Caller;
  let name: string;
  beforeAll(async () => {
    app = await startBareApp({ DATABASE_ACQUIRE_TIMEOUT_MS: '500' });
    caller = await createCaller(app);
    name = new URL(app.ownerUrl).pathname.slice(1);
  });
  afterAll(() => app.close());

  const asAdmin = (sql: string) => runAt(inject('clusterUrl'), sql);
  const endConnections = () =>
    asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);

  const isBack = async () => {
    const { json } = await request(app, { query: viewerQuery }, caller.token);
    return json.data?.viewer?.user.email === caller.email;
  };

  test('ended connections are replaced, and nothing but UNAVAILABLE is seen meanwhile', async () => {
    await endConnections();
    await waitUntil(async () => {
      const { status, json } = await request(app, { query: viewerQuery }, caller.token);
      if (status !== 200) expect(json.errors[0].extensions.code).toBe('UNAVAILABLE');
      return status === 200;
    });
    expect(await isBack()).toBe(true);
  });

  test.each([
    [
      'is gone',
      () => `alter database ${name} rename to ${name}_away`,
      () => `alter database ${name}_away rename to ${name}`,
    ],
    [
      'accepts nobody',
      () => `alter database ${name} allow_connections false`,
      () => `alter database ${name} allow_connections true`,
    ],
    [
      'is full',
      () => `alter database ${name} connection limit 0`,
      () => `alter database ${name} connection limit -1`,
    ],
  ])(
    'one that %s is answered 503 with Retry-After, and the server recovers by itself',
    async (_, take, giveBack) => {
      await endConnections();
      await asAdmin(take());
      await endConnections();
      try {
        const asked = [
          { body: { query: viewerQuery }, token: caller.token },
          {
            body: {
              query: signUpMutation,
              variables: { input: { email: 'away@errors.example', password } },
            },
          },
          {
            body: {
              query: 'mutation ($i: SignInInput!) { signIn(input: $i) { __typename } }',
              variables: { i: { email: caller.email, password } },
            },
          },
        ];
        for (const { body, token } of asked) {
          const { status, headers, json, text } = await request(app, body, token);
          expect([status, json.errors?.[0].extensions]).toEqual([
            503,
            { code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) },
          ]);
          expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
          for (const word of insides) expect(text).not.toMatch(word);
        }
        const { status, text } = await request(app, {
          query: '{ __typename viewer { user { id } } }',
        });
        expect([status, text]).toEqual([200, '{"data":{"__typename":"Query","viewer":null}}']);
      } finally {
        await asAdmin(giveBack());
      }
      await waitUntil(isBack);
    },
  );
});

describe('when all connections are taken', () => {
  let app: BareApp;
  let caller: Caller;
  let holder: pg.Client;
  beforeAll(async () => {
    app = await startBareApp({
      DATABASE_POOL_SIZE: '2',
      DATABASE_ACQUIRE_TIMEOUT_MS: '200',
      DATABASE_STATEMENT_TIMEOUT_MS: '1200',
    });
    caller = await createCaller(app);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    holder = new pg.Client({ connectionString: app.ownerUrl });
    await holder.connect();
    await holder.query('begin');
  });
  afterEach(() => holder.end());

  const createTenant = `mutation ($input: CreateTenantInput!) { createTenant(input: $input) {
    ... on CreateTenantSuccess { tenant { slug } } ... on Error { code } } }`;

  test('what waits too long is answered 503, and all is well when the lock is gone', async () => {
    await holder.query('lock table users in access exclusive mode');
    const asked = Array.from({ length: 12 }, (_, at) =>
      at % 2 === 0
        ? { query: viewerQuery }
        : { query: createTenant, variables: { input: { name: `Locked out ${at}` } } },
    );
    const replies = await Promise.all(asked.map((body) => request(app, body, caller.token)));
    for (const { status, headers, json, text } of replies) {
      expect([status, json.errors?.[0].extensions.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      for (const word of insides) expect(text).not.toMatch(word);
    }
    await holder.query('rollback');
    for (const body of asked) {
      expect((await request(app, body, caller.token)).json.errors).toBeUndefined();
    }
    expect(app.app.db.poolStat()).toMatchObject({ waiting: 0, max: 2 });
  });

  test('a mutation that has to give up midway is undone as a whole', async () => {
    await holder.query('lock table membership_roles in access exclusive mode');
    const variables = { input: { name: 'Midway', slug: 'midway' } };
    const body = { query: createTenant, variables };
    const { status, json } = await request(app, body, caller.token);
    expect([status, json.errors?.[0].extensions.code]).toEqual([503, 'UNAVAILABLE']);
    await holder.query('rollback');
    const again = await request(app, body, caller.token);
    expect(again.json.data.createTenant).toEqual({ tenant: { slug: 'midway' } });
  });
});
