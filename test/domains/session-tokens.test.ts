import { afterEach, describe, expect, test, vi } from 'vitest';
import { mintToken } from '../../src/lib/token.ts';
import { listStatementsOf } from '../support/app.ts';
import { startBareApp } from '../support/bare-app.ts';
import { waitUntil } from '../support/child.ts';
import { isValid, openSession, post, send, toOpenSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { createPerson, type Person } from '../support/people.ts';

const app = describeApp({ SESSIONS_PER_USER_MAX: '3' });
afterEach(() => vi.useRealTimers());

/** Changes the sessions of somebody behind the server's back. */
const setSessions = ({ userUuid }: Person, assignment: string) =>
  app.owner.query(`update sessions set ${assignment} where user_id = $1`, [userUuid]);

describe('a token', () => {
  test('has a prefix and 256 bits, and its checksum shows every slip', async () => {
    const { token } = await createPerson(app);
    expect(token).toMatch(/^tenantry_session_[0-9A-Za-z]{49}$/);
    const others = await Promise.all([1, 2].map(() => createPerson(app)));
    expect(new Set([token, ...others.map((other) => other.token)]).size).toBe(3);
  });

  test('is kept nowhere: neither the database nor the log holds 12 characters of one', async () => {
    const bare = await startBareApp();
    try {
      const { tokens, passwords } = await useTokens(bare);
      const dump = await dumpDatabase(bare.asOwner);
      expect(dump).toContain('kept-nowhere@people.example');
      const places = [dump, bare.lines.join('')];
      for (const token of tokens) {
        const secret = token.slice('tenantry_session_'.length);
        for (let at = 0; at + 12 <= secret.length; at += 1) {
          const piece = secret.slice(at, at + 12);
          const spellings = [piece, Buffer.from(piece).toString('hex')];
          expect(places.some((text) => spellings.some((word) => text.includes(word)))).toBe(false);
        }
      }
      for (const password of passwords) expect(places.join('')).not.toContain(password);
    } finally {
      await bare.close();
    }
  });

  /** Every operation that mints, takes or is shown a token, also where it goes wrong. */
  async function useTokens(bare: Awaited<ReturnType<typeof startBareApp>>) {
    const email = 'kept-nowhere@people.example';
    const [first, second] = ['slow violet tractors hum', 'patient lighthouse over gravel'];
    const tokens: string[] = [];
    const follow = async (...args: Parameters<typeof send>) => {
      const { value } = await send(...args);
      if (value?.token) tokens.push(value.token);
      return (query: string, options = {}) =>
        bare.ask(query, { token: tokens.at(-1) ?? null, ...options });
    };
    const ask = await follow(bare.ask, 'signUp', {
      email,
      password: first,
      tenantName: 'Kept nowhere',
    });
    const { data } = await ask('{ viewer { memberships { edges { node { tenant { id } } } } } }');
    const tenantId = data.viewer.memberships.edges[0].node.tenant.id;
    await follow(bare.ask, 'signIn', { email, password: first, tenantSlug: 'kept-nowhere' });
    await follow(ask, 'changePassword', { currentPassword: first, newPassword: second });
    await follow(bare.ask, 'signIn', { email, password: first });
    const last = await follow(bare.ask, 'signIn', { email, password: second });
    await last(
      'query ($token: String!, $id: ID) { verifySession(token: $token, tenantId: $id) { valid } }',
      {
        variables: { token: tokens[0], id: tenantId },
      },
    );
    const bound = await follow(last, 'switchTenant', { tenantId });
    await bound('{ viewer { session { id } } }');
    await bare.asOwner('alter function find_live_sessions rename to sessions_away');
    const broken = await last('{ viewer { session { id } } }');
    expect(broken.errors?.[0]?.extensions.code).toBe('INTERNAL');
    await follow(bare.ask, 'signIn', { email, password: second });
    await bare.asOwner('alter function sessions_away rename to find_live_sessions');
    expect(tokens).toHaveLength(5);
    return { tokens, passwords: [first, second] };
  }

  test('that is malformed costs no statement', async () => {
    const { token } = await createPerson(app);
    const slip = token.at(-20) === 'a' ? 'b' : 'a';
    const malformed = [
      '',
      'Bearer',
      'Bearer ',
      token,
      `Basic ${token}`,
      `Bearer${token}`,
      `Bearer ${token} `.concat('x'),
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token.slice(0, -20)}${slip}${token.slice(-19)}`,
      `Bearer ${token.toUpperCase()}`,
      `Bearer ${token.replace('session', 'api_key')}`,
      `Bearer ${mintToken('other_session').token}`,
      `Bearer ${'x'.repeat(10_000)}`,
      `Bearer ${token}, Bearer ${token}`,
    ];
    for (const authorization of malformed) {
      const statements = await listStatementsOf(app, async () => {
        const { status, text } = await post(
          app,
          { query: '{ viewer { user { id } } }' },
          { authorization },
        );
        expect([authorization, status, text]).toEqual([
          authorization,
          200,
          '{"data":{"viewer":null}}',
        ]);
      });
      expect(statements).toEqual([]);
    }
  });

  test('that is well-formed but unknown costs one, and is nobody', async () => {
    const unknown = toOpenSession(app, mintToken('tenantry_session').token);
    const statements = await listStatementsOf(app, async () => {
      expect(await isValid(unknown)).toBe(false);
    });
    expect(statements).toHaveLength(1);
  });

  test('counts in the header only: not in the address, a cookie or the body', async () => {
    const { token } = await createPerson(app);
    const query = '{ viewer { user { id } } }';
    const places = [
      post({ url: app.url }, { query }, { cookie: `token=${token}; session=${token}` }),
      post({ url: app.url }, { query }, { 'x-authorization': `Bearer ${token}` }),
      post({ url: app.url }, { query, extensions: { authorization: `Bearer ${token}` } }),
    ];
    for (const { text } of await Promise.all(places)) {
      expect(text).toBe('{"data":{"viewer":null}}');
    }
    const address = `${app.url}/graphql?access_token=${token}&authorization=Bearer%20${token}`;
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    expect(await response.text()).toBe('{"data":{"viewer":null}}');
  });
});

/** Everything that the tables hold, as text. */
async function dumpDatabase(asOwner: (sql: string) => Promise<{ rows: unknown[] }>) {
  const tables = await asOwner(
    `select format('select t::text as row from %I.%I t', schemaname, tablename) as sql
     from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const selects = (tables.rows as { sql: string }[]).map(({ sql }) => sql);
  const { rows } = await asOwner(selects.join(' union all '));
  return (rows as { row: string }[]).map(({ row }) => row).join('\n');
}

describe("by the database's clock", () => {
  const idleEnd = 'last_seen_at = now() - make_interval(secs => idle_timeout_seconds)';

  test('a session is good until its idle timeout, and use sets that back', async () => {
    const person = await createPerson(app);
    await setSessions(person, `${idleEnd} + interval '2 seconds'`);
    expect(await isValid(person)).toBe(true);
    await waitUntil(async () => {
      const { rows } = await app.owner.query(
        `select 1 from sessions where user_id = $1 and last_seen_at > now() - interval '20 seconds'`,
        [person.userUuid],
      );
      return rows.length === 1;
    });
    await setSessions(person, `${idleEnd} - interval '1 second'`);
    expect(await isValid(person)).toBe(false);
  });

  test('a session is good until its absolute timeout, used or not', async () => {
    const person = await createPerson(app);
    await setSessions(person, `expires_at = now() + interval '2 seconds'`);
    expect(await isValid(person)).toBe(true);
    await setSessions(person, `expires_at = now() - interval '1 second', last_seen_at = now()`);
    expect(await isValid(person)).toBe(false);
  });

  test('an ended session is in no list, found by no id and verified by nobody', async () => {
    const person = await createPerson(app);
    const ended = await openSession(app, person);
    await app.owner.query('update sessions set expires_at = now() where id = $1', [ended.uuid]);
    const { data } = await person.ask(
      `query ($id: ID!) { viewer { sessions { edges { node { isCurrent } } } } node(id: $id) { id } }`,
      { variables: { id: ended.id } },
    );
    expect(data).toEqual({
      viewer: { sessions: { edges: [{ node: { isCurrent: true } }] } },
      node: null,
    });
  });

  test.each([-2, 2])('our own clock being %i days off changes nothing', async (days) => {
    const [person, expired] = [await createPerson(app), await createPerson(app)];
    await setSessions(expired, `expires_at = now() - interval '1 second'`);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * 86_400_000 });
    expect(await Promise.all([person, expired].map(isValid))).toEqual([true, false]);
    const opened = await openSession(app, person);
    const { rows } = await app.owner.query(
      `select abs(extract(epoch from now() - created_at)) < 60 as created,
         abs(extract(epoch from now() - expires_at) + 2592000) < 60 as expires
       from sessions where id = $1`,
      [opened.uuid],
    );
    expect(rows).toEqual([{ created: true, expires: true }]);
  });
});

test('the last use is noted in the background: a request that reads never waits for a write', async () => {
  const person = await createPerson(app);
  const noteIsThere = async () => {
    const { rows } = await app.owner.query(
      `select 1 from sessions where user_id = $1 and last_seen_at > now() - interval '20 seconds'`,
      [person.userUuid],
    );
    return rows.length === 1;
  };
  await setSessions(person, `last_seen_at = now() - interval '1 minute'`);
  const statements = await listStatementsOf(app, async () => {
    expect(await isValid(person)).toBe(true);
  });
  expect(statements.filter((text) => /touch_sessions|update/.test(text))).toEqual([]);
  await waitUntil(noteIsThere);
  await setSessions(person, `last_seen_at = now() - interval '25 seconds'`);
  expect(await isValid(person)).toBe(true);
  // Used less than half a minute ago: not worth a write, nor two seconds later.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await noteIsThere()).toBe(false);
});

describe('of three sessions at most', () => {
  test('the fourth ends exactly the one that was used longest ago', async () => {
    const person = await createPerson(app);
    const bystander = await createPerson(app);
    const second = await openSession(app, person);
    const third = await openSession(app, person);
    // The first session was opened first but used last.
    await setSessions(person, `last_seen_at = now() - interval '1 minute'`);
    await app.owner.query(
      `update sessions set last_seen_at = now() - interval '2 minutes' where id = $1`,
      [third.uuid],
    );
    const fourth = await openSession(app, person);
    const all = [person, second, third, fourth, bystander];
    expect(await Promise.all(all.map(isValid))).toEqual([true, true, false, true, true]);
  });

  test('three are left after five sign-ins at once', async () => {
    const person = await createPerson(app);
    const opened = await Promise.all([1, 2, 3, 4, 5].map(() => openSession(app, person)));
    const good = await Promise.all([person, ...opened].map(isValid));
    expect(good.filter(Boolean)).toHaveLength(3);
  });

  test('one that is switched counts once', async () => {
    const person = await createPerson(app);
    const [second, third] = [await openSession(app, person), await openSession(app, person)];
    const { value } = await send(person.ask, 'switchTenant', {});
    const all = [toOpenSession(app, value.token), second, third];
    expect(await Promise.all(all.map(isValid))).toEqual([true, true, true]);
  });
});

test('all sessions of a suspended user are refused at once, and nobody else is', async () => {
  const [person, bystander] = [await createPerson(app), await createPerson(app)];
  const other = await openSession(app, person);
  await app.owner.query(`update users set status = 'suspended' where id = $1`, [person.userUuid]);
  expect(await Promise.all([person, other, bystander].map(isValid))).toEqual([false, false, true]);
  expect(await send(person.ask, 'signOut')).toMatchObject({ code: 'UNAUTHENTICATED' });
});
