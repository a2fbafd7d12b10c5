import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getApiKeyChecker } from '../../src/domains/api-keys/check.ts';
import { hashApiKey } from '../../src/domains/api-keys/token.ts';
import { mintToken, type TokenHash } from '../../src/lib/token.ts';
import { createProgram, isKeyValid, sendKey } from '../support/api-keys.ts';
import { listStatementsOf, startTestApp, type TestApp } from '../support/app.ts';
import { startBareApp } from '../support/bare-app.ts';
import { waitUntil } from '../support/child.ts';
import { post } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { createTeam, type Team, toUuid } from '../support/people.ts';

// How a key travels, what asking by it costs, and how often it may ask.

const app = describeApp();
let team: Team;
beforeAll(async () => {
  team = await createTeam(app);
});

const whoQuery = '{ viewer { apiKey { id } } }';
const createRole = {
  query: `mutation ($input: CreateRoleInput!) { createRole(input: $input) {
    ... on Error { code } } }`,
};

describe('a key is taken', () => {
  test('in the Authorization header, whatever the case of its scheme', async () => {
    const { id, token } = await createProgram(app, team.owner, team, 'tenant:read');
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const headers = { authorization: `${scheme} ${token}` };
      const { data } = await app.ask(whoQuery, { headers });
      expect(data.viewer.apiKey.id).toBe(id);
    }
  });

  test('from nowhere else: not the address, the body, a cookie, another header or scheme', async () => {
    const { token } = await createProgram(app, team.owner, team, 'roles:manage');
    const input = { tenantId: team.tenantId, key: 'x', name: 'X', permissions: [] };
    const body = {
      ...createRole,
      variables: { input, token, apiKey: token, authorization: token },
    };
    const others: [url: string, headers: Record<string, string>][] = [
      [`${app.url}?access_token=${token}&token=${token}&authorization=Bearer%20${token}`, {}],
      [app.url, { cookie: `__Host-tenantry_session=${token}`, 'x-tenantry-csrf': '1' }],
      [app.url, { 'x-api-key': token }],
      [app.url, { authorization: token }],
      [app.url, { authorization: `Basic ${Buffer.from(`key:${token}`).toString('base64')}` }],
      [app.url, { authorization: `Bearer ${token} ${token}` }],
    ];
    for (const [url, headers] of others) {
      const address = url.replace(app.url, `${app.url}/graphql`);
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
      expect(errors[0]?.extensions.code, JSON.stringify(headers)).toBe('UNAUTHENTICATED');
    }
  });

  test('without being written into any line of the log, wherever it stood', async () => {
    const bare = await startBareApp();
    try {
      const owner = await createTeam(bare);
      const { token } = await createProgram(bare, owner.owner, owner, 'tenant:read');
      const other = mintToken('tenantry_test_key').token;
      for (const secret of [token, other]) {
        await post(bare, { query: whoQuery }, { authorization: `Bearer ${secret}` });
        await post(bare, { query: `{ viewer { ${secret} } }` });
        await post(bare, { query: whoQuery, variables: { secret } });
        await fetch(`${bare.url}/graphql?query=${secret}&token=${secret}`);
        await fetch(`${bare.url}/${secret}`);
      }
      const log = bare.lines.join('\n');
      for (const secret of [token, other]) {
        expect(log).not.toContain(secret.slice('tenantry_test_key_'.length).slice(0, 12));
      }
    } finally {
      await bare.close();
    }
  });
});

describe('asking by a key', () => {
  test('costs no statement where it cannot be a key of this server', async () => {
    const { token } = await createProgram(app, team.owner, team, 'tenant:read');
    const junk = [
      `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
      token.slice(0, -1),
      `${token}0`,
      token.toUpperCase(),
      mintToken('tenantry_live_key').token,
      mintToken('tenantry_key').token,
      'x'.repeat(512),
    ];
    for (const bad of junk) {
      let viewer: unknown = 'unknown';
      const statements = await listStatementsOf(app, async () => {
        viewer = (await app.ask(whoQuery, { token: bad })).data.viewer;
      });
      expect(statements.filter((text) => !text.includes('touch_'))).toEqual([]);
      expect(viewer).toBeNull();
    }
  });

  test('asks the database in one statement for all that are in flight', async () => {
    const hashes: (TokenHash | null)[] = [];
    const { runtime } = app.app;
    const { prefix } = runtime.apiKeys;
    const { find } = getApiKeyChecker(runtime);
    for (let count = 0; count < 5; count += 1) {
      const { token } = await createProgram(app, team.owner, team, 'tenant:read');
      hashes.push(hashApiKey(prefix, token), hashApiKey(prefix, mintToken(prefix).token));
    }
    let found: unknown[] = [];
    const statements = await listStatementsOf(app, async () => {
      found = await Promise.all(hashes.map((hash) => hash && find(hash)));
    });
    expect(statements.filter((text) => text.includes('find_live_api_keys'))).toHaveLength(1);
    expect(found.map((one) => one !== null)).toEqual(hashes.map((_hash, at) => at % 2 === 0));
  });

  test('writes when it was used at most once a minute, and in the background', async () => {
    const program = await createProgram(app, team.owner, team, 'tenant:read');
    const id = toUuid(program.id);
    const read = async () => {
      const { rows } = await app.owner.query<{ last: Date | null; version: string }>(
        'select last_used_at as last, xmin::text as version from api_keys where id = $1',
        [id],
      );
      return rows[0] ?? { last: null, version: '' };
    };
    await program.ask(whoQuery);
    await waitUntil(async () => (await read()).last !== null);
    const first = await read();
    for (let count = 0; count < 50; count += 1) await program.ask(whoQuery);
    // Both the check and the write itself ask whether a minute has passed.
    await app.owner.query('select touch_api_keys(array[$1::uuid])', [id]);
    expect(await read()).toEqual(first);
    await app.owner.query(
      `update api_keys set last_used_at = now() - interval '61 seconds' where id = $1`,
      [id],
    );
    const { data } = await program.ask('{ viewer { apiKey { lastUsedAt } } }');
    expect(Date.parse(data.viewer.apiKey.lastUsedAt)).toBeLessThan(Date.now() - 60_000);
    await waitUntil(async () => Number(first.last) < Number((await read()).last));
  });

  test('by one that is not valid writes nothing', async () => {
    const program = await createProgram(app, team.owner, team, 'tenant:read');
    await sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: program.id });
    expect(await isKeyValid(program)).toBe(false);
    const readLast = async ({ id }: { id: string }) => {
      const { rows } = await app.owner.query<{ last: Date | null }>(
        'select last_used_at as last from api_keys where id = $1',
        [toUuid(id)],
      );
      return rows[0]?.last;
    };
    // What is used later is written no earlier.
    const later = await createProgram(app, team.owner, team, 'tenant:read');
    expect(await isKeyValid(later)).toBe(true);
    await waitUntil(async () => (await readLast(later)) !== null);
    expect(await readLast(program)).toBeNull();
  });
});

describe('a key that asks too often', () => {
  let slow: TestApp;
  let slowTeam: Team;
  beforeAll(async () => {
    slow = await startTestApp({ API_KEY_REQUESTS_PER_MINUTE: '3' });
    slowTeam = await createTeam(slow);
  });
  afterAll(() => slow.close());

  test('is told when to come back, with the status for it, and does not reach the database', async () => {
    const { token } = await createProgram(slow, slowTeam.owner, slowTeam, 'tenant:read');
    const headers = { authorization: `Bearer ${token}` };
    const ask = () => post(slow, { query: '{ __typename }' }, headers);
    const statuses = [await ask(), await ask(), await ask()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200]);
    let refused = await ask();
    const statements = await listStatementsOf(slow, async () => {
      refused = await ask();
    });
    expect(refused.status).toBe(429);
    const { extensions } = JSON.parse(refused.text).errors[0];
    expect(extensions.code).toBe('RATE_LIMITED');
    expect(extensions.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(extensions.retryAfterSeconds).toBeLessThanOrEqual(20);
    expect(refused.headers.get('retry-after')).toBe(String(extensions.retryAfterSeconds));
    expect(statements.filter((text) => text.includes('find_live'))).toEqual([]);
  });

  test('does not keep other keys, or people, from asking', async () => {
    const loud = await createProgram(slow, slowTeam.owner, slowTeam, 'tenant:read');
    const quiet = await createProgram(slow, slowTeam.owner, slowTeam, 'tenant:read');
    const answers = await Promise.all(Array.from({ length: 9 }, () => loud.ask(whoQuery)));
    expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(3);
    expect(await isKeyValid(quiet)).toBe(true);
    for (let count = 0; count < 9; count += 1) {
      const { data } = await slowTeam.owner.ask('{ viewer { user { id } } }');
      expect(data.viewer.user.id).toBe(slowTeam.owner.userId);
    }
  });

  test('is as any that is not valid once it was revoked', async () => {
    const { id, token } = await createProgram(slow, slowTeam.owner, slowTeam, 'tenant:read');
    const ask = () => post(slow, { query: whoQuery }, { authorization: `Bearer ${token}` });
    await ask();
    await sendKey(slowTeam.owner.ask, 'revokeApiKey', { apiKeyId: id });
    for (let count = 0; count < 9; count += 1) {
      expect((await ask()).text).toBe('{"data":{"viewer":null}}');
    }
  });
});
