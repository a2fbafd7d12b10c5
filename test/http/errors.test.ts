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

/** The user whose session a test uses, with their tenant. */
type Caller = { email: string; token: string; tenantId: string };

async function createCaller(app: BareApp): Promise<Caller> {
  const email = `caller-${++serial}@errors.example`;
  const input = { email, password, tenantName: `Errors ${serial}` };
  const { data } = await app.ask(signUpMutation, { variables: { input } });
  return { email, token: data.signUp.token, tenantId: data.signUp.tenant.id };
}

/** Sends an operation and parses the response. */
async function request(app: BareApp, body: object, token?: string) {
  const headers = token ? { authorization: `Bearer ${token}` } : undefined;
  const reply = await post(app, body, headers);
  return { ...reply, json: JSON.parse(reply.text) };
}

/** Internal words that no response may contain. */
const internals = [
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

  /** Runs `work` while a database function has another name. */
  async function without<T>(name: string, work: () => Promise<T>): Promise<T> {
    await app.asOwner(`alter function ${name} rename to missing`);
    try {
      return await work();
    } finally {
      await app.asOwner(`alter function missing rename to ${name}`);
    }
  }

  const tenantQuery = { query: 'query ($id: ID!) { tenant(id: $id) { slug } }' };

  test('is masked, and its request id leads to the full error in the log', async () => {
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
    for (const word of internals) expect(reply.json.errors[0].message).not.toMatch(word);
    const logged = app.lines.filter((line) => requestId && line.includes(requestId));
    expect(logged.some((line) => /find_access/.test(line) && /"stack"/.test(line))).toBe(true);
    const again = await request(app, body, caller.token);
    expect(again.json.data.tenant).toEqual({ slug: expect.any(String) });
  });

  test('in one field keeps the results of the others', async () => {
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

  test('in the session check is an error, not a null viewer', async () => {
    const { json } = await without('find_live_sessions', () =>
      request(app, { query: viewerQuery }, caller.token),
    );
    expect(json.data?.viewer).toBeUndefined();
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
  });

  test('in a mutation rolls back everything', async () => {
    const input = { email: `half-done@errors.example`, password, tenantName: 'Half done' };
    const body = { query: signUpMutation, variables: { input } };
    const { json, text } = await without('note_sign_in', () => request(app, body));
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    for (const word of internals) expect(text).not.toMatch(word);
    const { rows } = await app.asOwner(
      `select email as found from users where email like 'half-done%'
       union all select slug from tenants where slug like 'half-done%'`,
    );
    expect(rows).toEqual([]);
  });

  test('in a sign-in rolls back everything and creates no session', async () => {
    const readState = () =>
      app.asOwner(
        `select (select count(*)::int from sessions s where s.user_id = u.id) as sessions,
           (select count(*)::int from audit_events e where e.actor_id = u.id) as recorded, u.last_sign_in_at
         from users u where u.email = $1`,
        [caller.email],
      );
    const { rows: before } = await readState();
    const query = `mutation ($input: SignInInput!) { signIn(input: $input) {
      ... on SignInSuccess { token } ... on Error { code } } }`;
    const body = { query, variables: { input: { email: caller.email, password } } };
    // The last step of a sign-in, so all others have run by then.
    const { json } = await without('release_sign_in', () => request(app, body));
    expect(json.data?.signIn).toBeUndefined();
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    expect((await readState()).rows).toEqual(before);
    expect((await request(app, body)).json.data.signIn.token).toEqual(expect.any(String));
  });

  test('about a row shows its secrets neither to the caller nor in the log', async () => {
    await app.asOwner(
      'alter table password_credentials add constraint broken check (false) not valid',
    );
    const input = { email: 'row@errors.example', password };
    const { json, text } = await request(app, { query: signUpMutation, variables: { input } });
    await app.asOwner('alter table password_credentials drop constraint broken');
    expect(json.errors[0].extensions.code).toBe('INTERNAL');
    for (const word of [...internals, /violet/]) expect(text).not.toMatch(word);
    expect(app.lines.join('')).toContain('broken');
    for (const word of [/\$argon2id\$/, /violet/]) expect(app.lines.join('')).not.toMatch(word);
  });
});

describe('when the database fails', () => {
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

  const hasRecovered = async () => {
    const { json } = await request(app, { query: viewerQuery }, caller.token);
    return json.data?.viewer?.user.email === caller.email;
  };

  test('terminated connections are replaced, and callers see only UNAVAILABLE until then', async () => {
    await endConnections();
    await waitUntil(async () => {
      const { status, json } = await request(app, { query: viewerQuery }, caller.token);
      if (status !== 200) expect(json.errors[0].extensions.code).toBe('UNAVAILABLE');
      return status === 200;
    });
    expect(await hasRecovered()).toBe(true);
  });

  test.each([
    [
      'is gone',
      () => `alter database ${name} rename to ${name}_away`,
      () => `alter database ${name}_away rename to ${name}`,
    ],
    [
      'accepts no connections',
      () => `alter database ${name} allow_connections false`,
      () => `alter database ${name} allow_connections true`,
    ],
    [
      'is full',
      () => `alter database ${name} connection limit 0`,
      () => `alter database ${name} connection limit -1`,
    ],
  ])(
    'a database that %s causes a 503 with Retry-After, and the server recovers by itself',
    async (_, disable, enable) => {
      await endConnections();
      await asAdmin(disable());
      await endConnections();
      try {
        const operations = [
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
        for (const { body, token } of operations) {
          const { status, headers, json, text } = await request(app, body, token);
          expect([status, json.errors?.[0].extensions]).toEqual([
            503,
            { code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) },
          ]);
          expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
          for (const word of internals) expect(text).not.toMatch(word);
        }
        const { status, text } = await request(app, {
          query: '{ __typename viewer { user { id } } }',
        });
        expect([status, text]).toEqual([200, '{"data":{"__typename":"Query","viewer":null}}']);
      } finally {
        await asAdmin(enable());
      }
      await waitUntil(hasRecovered);
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

  test('an operation that waits too long gets a 503, and succeeds once the lock is released', async () => {
    await holder.query('lock table users in access exclusive mode');
    const bodies = Array.from({ length: 12 }, (_, at) =>
      at % 2 === 0
        ? { query: viewerQuery }
        : { query: createTenant, variables: { input: { name: `Locked out ${at}` } } },
    );
    const replies = await Promise.all(bodies.map((body) => request(app, body, caller.token)));
    for (const { status, headers, json, text } of replies) {
      expect([status, json.errors?.[0].extensions.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      for (const word of internals) expect(text).not.toMatch(word);
    }
    await holder.query('rollback');
    for (const body of bodies) {
      expect((await request(app, body, caller.token)).json.errors).toBeUndefined();
    }
    expect(app.app.db.poolStat()).toMatchObject({ waiting: 0, max: 2 });
  });

  test('a mutation that times out midway is rolled back completely', async () => {
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
