import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mintToken } from '../../src/lib/token.ts';
import { createMemberWith, createProgram, type Program, sendKey } from '../support/api-keys.ts';
import { listStatementsOf } from '../support/app.ts';
import { type Cast, createCast } from '../support/cast.ts';
import { openSession, post } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage } from '../support/life-cycle.ts';
import { codeOf } from '../support/mutate.ts';
import { createMember, createTeam, type Person, toUuid } from '../support/people.ts';

const app = describeApp();
let cast: Cast;
let program: Program;
beforeAll(async () => {
  cast = await createCast(app);
});
beforeEach(async () => {
  program = await createProgram(app, cast.owner, cast.team, 'tenant:read', 'members:read');
});

const query = `query ($key: String!, $permissions: [String!]) {
  verifyApiKey(key: $key, permissions: $permissions) {
    valid permissions missing apiKey { id createdBy { id } } tenant { id } } }`;

type Asker = Pick<Person, 'ask'>;

/** What somebody is told about a key, or the code of the error to tell. */
async function verify({ ask }: Asker, key: string, permissions?: string[]) {
  const answer = await ask(query, { variables: { key, permissions } });
  return answer.data?.verifyApiKey ?? codeOf(answer);
}

const refused = { valid: false, permissions: [], missing: [], apiKey: null, tenant: null };

describe('a good key', () => {
  test('is told to who holds api-keys:verify: owner, admin, platform administrator, a key', async () => {
    const service = await createProgram(app, cast.owner, cast.team, 'api-keys:verify');
    const bound = await openSession(app, cast.admin, cast.team.slug);
    const good = {
      valid: true,
      permissions: ['members:read', 'tenant:read'],
      missing: ['roles:read'],
      tenant: { id: cast.team.tenantId },
    };
    for (const asker of [cast.owner, cast.admin, cast.platformAdmin, bound]) {
      expect(await verify(asker, program.token, ['tenant:read', 'roles:read'])).toEqual({
        ...good,
        apiKey: { id: program.id, createdBy: { id: cast.owner.userId } },
      });
    }
    // It may verify keys and not see people.
    expect(await verify(service, program.token, ['tenant:read', 'roles:read'])).toEqual({
      ...good,
      apiKey: { id: program.id, createdBy: null },
    });
  });

  test('needs no permission to verify itself', async () => {
    expect(await verify(program, program.token, ['tenant:update'])).toMatchObject({
      valid: true,
      apiKey: { id: program.id },
      missing: ['tenant:update'],
    });
  });

  test('gives no more than its creator has at that moment', async () => {
    const admin = await createMember(app, cast.team, 'admin');
    const key = await createProgram(app, admin, cast.team, 'tenant:read', 'roles:manage');
    await app.owner.query(
      `update membership_roles mr set role_id = r.id from roles r
       where mr.membership_id = $1 and r.tenant_id = mr.tenant_id and r.key = 'viewer'`,
      [toUuid(admin.membershipId)],
    );
    expect(await verify(cast.owner, key.token, ['roles:manage'])).toMatchObject({
      valid: true,
      permissions: ['tenant:read'],
      missing: ['roles:manage'],
    });
  });

  test('is verified without a write, in three statements at most', async () => {
    const statements = await listStatementsOf(app, () =>
      cast.owner.ask(
        `query ($key: String!) { verifyApiKey(key: $key) { valid permissions tenant { id } apiKey { id } } }`,
        { variables: { key: program.token } },
      ),
    );
    const own = statements.filter((text) => !text.includes('touch_'));
    expect(own.length).toBeLessThanOrEqual(3);
    expect(own.filter((text) => /\b(insert|update|delete)\b/i.test(text))).toEqual([]);
  });

  test.each([[['members:raed']], [['']], [Array.from({ length: 101 }, () => 'tenant:read')]])(
    'is not compared with permissions that do not exist, or too many',
    async (permissions) => {
      expect(await verify(cast.owner, program.token, permissions)).toBe('BAD_USER_INPUT');
    },
  );
});

describe('a key that is not valid', () => {
  /** Makes a key of a new admin, does something to it or its creator, and returns the key. */
  async function spoil(sql: string): Promise<string> {
    const admin = await createMember(app, cast.team, 'admin');
    const key = await createProgram(app, admin, cast.team, 'tenant:read');
    const id = sql.includes('api_keys') ? toUuid(key.id) : admin.userUuid;
    await app.owner.query(sql, [id]);
    return key.token;
  }

  test('looks the same whatever is wrong with it', async () => {
    const suspended = await createTeam(app);
    const dormant = await createProgram(app, suspended.owner, suspended, 'tenant:read');
    await manage(cast.as.platformAdmin, 'suspendTenant', { tenantId: suspended.tenantId });
    const { otherTeam } = cast;
    const foreign = await createProgram(app, otherTeam.owner, otherTeam, 'tenant:read');
    const revoked = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    await sendKey(cast.as.owner, 'revokeApiKey', { apiKeyId: revoked.id });
    const keys = [
      mintToken('tenantry_test_key').token,
      mintToken('tenantry_live_key').token,
      revoked.token,
      foreign.token,
      dormant.token,
      await spoil(`update api_keys set expires_at = now() where id = $1`),
      await spoil(`delete from api_keys where id = $1`),
      await spoil(`update users set status = 'suspended' where id = $1`),
      await spoil('update user_tenants set is_active = false where user_id = $1'),
      await spoil('delete from user_tenants where user_id = $1'),
      await spoil('delete from users where id = $1'),
      cast.owner.token,
      `${program.token.slice(0, -1)}!`,
      '',
      'x'.repeat(5_000),
      'a\0b',
    ];
    const texts = new Set<string>();
    for (const key of keys) {
      const authorization = `Bearer ${cast.owner.token}`;
      const { text } = await post(app, { query, variables: { key } }, { authorization });
      texts.add(text);
    }
    expect([...texts]).toEqual([JSON.stringify({ data: { verifyApiKey: refused } })]);
  });

  test('is missing everything that was asked for', async () => {
    expect(await verify(cast.owner, 'x', ['tenant:read'])).toEqual({
      ...refused,
      missing: ['tenant:read'],
    });
  });
});

describe('who may not verify', () => {
  test('is told so about a key of its own tenant', async () => {
    for (const asker of [cast.member, cast.viewer]) {
      expect(await verify(asker, program.token)).toBe('FORBIDDEN');
    }
    expect(await verify({ ask: app.ask }, program.token)).toBe('UNAUTHENTICATED');
  });

  test('gets the same bytes for good and bad keys with a credential that is bound to the tenant', async () => {
    const blind = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const bound = await openSession(app, cast.member, cast.team.slug);
    for (const { token } of [blind, bound]) {
      const texts = new Set<string>();
      for (const key of [program.token, mintToken('tenantry_test_key').token, 'x']) {
        const authorization = `Bearer ${token}`;
        const { text } = await post(app, { query, variables: { key } }, { authorization });
        texts.add(text);
      }
      expect([...texts]).toEqual([expect.stringContaining('"code":"FORBIDDEN"')]);
    }
  });

  test('learns nothing of a foreign tenant: as if there were no such key', async () => {
    const service = await createMemberWith(app, cast.otherTeam, 'api-keys:verify');
    for (const asker of [cast.otherTeam.owner, service]) {
      expect(await verify(asker, program.token)).toEqual(refused);
    }
  });
});
