import { beforeAll, describe, expect, test } from 'vitest';
import { mintToken } from '../../src/lib/token.ts';
import { listStatementsOf } from '../support/app.ts';
import { openSession, post } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf } from '../support/mutate.ts';
import {
  addMember,
  createMember,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

const app = describeApp();
let team: Team;
let member: Person;
beforeAll(async () => {
  team = await createTeam(app);
  member = await createMember(app, team, 'member');
});

const query = `query ($token: String!, $tenantId: ID) {
  verifySession(token: $token, tenantId: $tenantId) {
    valid permissions expiresAt user { id email } tenant { id slug }
    session { id isCurrent expiresAt user { id } tenant { id } } } }`;

const memberPermissions = ['members:read', 'roles:read', 'tenant:read'];
const refused = {
  valid: false,
  permissions: [],
  expiresAt: null,
  user: null,
  tenant: null,
  session: null,
};

type Asker = Pick<Person, 'ask'>;

/** What somebody is told about a token, or the code of the error to tell. */
async function verify({ ask }: Asker, token: string, tenantId?: string | null) {
  const answer = await ask(query, { variables: { token, tenantId } });
  return answer.data?.verifySession ?? codeOf(answer);
}

const absentTenant = `tenant_${'0'.repeat(32)}`;

describe("one's own token", () => {
  test('is good, and says for whom and until when', async () => {
    const verification = await verify(member, member.token);
    expect(verification).toMatchObject({
      valid: true,
      permissions: [],
      user: { id: member.userId, email: member.email },
      tenant: null,
      session: { isCurrent: true, user: { id: member.userId }, tenant: null },
    });
    const { data } = await member.ask('{ viewer { session { id expiresAt idleExpiresAt } } }');
    const { id, expiresAt, idleExpiresAt } = data.viewer.session;
    expect(verification.session).toMatchObject({ id, expiresAt });
    expect([expiresAt, idleExpiresAt]).toContain(verification.expiresAt);
  });

  test('needs no permission, and says what one may do in a tenant of one’s own', async () => {
    expect(await verify(member, member.token, team.tenantId)).toMatchObject({
      valid: true,
      permissions: memberPermissions,
      tenant: { id: team.tenantId },
    });
  });

  test('is not valid for a tenant of others, which looks like an absent one', async () => {
    const other = await createTeam(app);
    for (const tenantId of [other.tenantId, absentTenant]) {
      expect(await verify(member, member.token, tenantId)).toEqual(refused);
    }
  });

  test('that is bound to a tenant answers for this tenant', async () => {
    const bound = await openSession(app, member, team.slug);
    const inTeam = { valid: true, permissions: memberPermissions, tenant: { slug: team.slug } };
    expect(await verify(bound, bound.token)).toMatchObject(inTeam);
    expect(await verify(bound, bound.token, team.tenantId)).toMatchObject(inTeam);
    const other = await createTeam(app);
    await addMember(app, other, member, 'owner');
    expect(await verify(bound, bound.token, other.tenantId)).toEqual(refused);
  });
});

describe('the token of a member', () => {
  test('is good to who has sessions:verify: owner, admin, a role with nothing else', async () => {
    const admin = await createMember(app, team, 'admin');
    const service = await createMember(app, team);
    await app.owner.query(
      `with role as (
         insert into roles (tenant_id, key, name, permissions)
         values ($1, 'service', 'Service', '{sessions:verify}') returning id)
       insert into membership_roles (tenant_id, membership_id, role_id)
       select $1, m.id, role.id from user_tenants m, role where m.tenant_id = $1 and m.user_id = $2`,
      [team.tenantUuid, service.userUuid],
    );
    for (const caller of [team.owner, admin, service]) {
      const { expiresAt, ...verification } = await verify(caller, member.token, team.tenantId);
      expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
      expect(verification).toEqual({
        valid: true,
        permissions: memberPermissions,
        user: { id: member.userId, email: member.email },
        tenant: { id: team.tenantId, slug: team.slug },
        session: {
          id: expect.stringMatching(/^session_/),
          expiresAt: expect.any(String),
          isCurrent: false,
          user: { id: member.userId },
          tenant: null,
        },
      });
    }
  });

  test('is told at the next question to have other permissions', async () => {
    const person = await createMember(app, team, 'member');
    expect(await verify(team.owner, person.token, team.tenantId)).toMatchObject({
      permissions: memberPermissions,
    });
    await app.owner.query(
      `delete from membership_roles mr using user_tenants m
       where m.tenant_id = mr.tenant_id and m.id = mr.membership_id and m.user_id = $1`,
      [person.userUuid],
    );
    expect(await verify(team.owner, person.token, team.tenantId)).toMatchObject({
      valid: true,
      permissions: [],
    });
  });

  test('is good from a bound session of the asker, without naming the tenant', async () => {
    const bound = await openSession(app, team.owner, team.slug);
    expect(await verify(bound, member.token)).toMatchObject({
      valid: true,
      permissions: memberPermissions,
      tenant: { slug: team.slug },
    });
  });

  test('takes three statements at most and writes nothing', async () => {
    const statements = await listStatementsOf(app, () =>
      team.owner.ask(
        `query ($token: String!, $id: ID) { verifySession(token: $token, tenantId: $id) {
          valid permissions user { id } session { id } tenant { id } } }`,
        { variables: { token: member.token, id: team.tenantId } },
      ),
    );
    expect(statements.length).toBeLessThanOrEqual(3);
    expect(statements.filter((text) => /\b(insert|update|delete)\b/i.test(text))).toEqual([]);
  });
});

describe('a token that is not valid in the tenant', () => {
  /** Changes one thing about a fresh member and returns its token. */
  async function spoil(sql: string): Promise<string> {
    const person = await createMember(app, team, 'member');
    await app.owner.query(sql, [person.userUuid]);
    return person.token;
  }

  test('is refused with the same bytes, whatever is wrong with it', async () => {
    const other = await createTeam(app);
    const elsewhere = await createMember(app, team, 'member');
    await addMember(app, other, elsewhere, 'member');
    const tokens = [
      other.owner.token,
      (await openSession(app, elsewhere, other.slug)).token,
      await spoil(
        `update sessions set expires_at = now() - interval '1 second' where user_id = $1`,
      ),
      await spoil(
        `update sessions set last_seen_at = now() - interval '1 day 1 second' where user_id = $1`,
      ),
      await spoil('delete from sessions where user_id = $1'),
      await spoil(`update users set status = 'suspended' where id = $1`),
      await spoil('update user_tenants set is_active = false where user_id = $1'),
      await spoil('delete from user_tenants where user_id = $1'),
      mintToken('tenantry_session').token,
      member.token.slice(0, -1),
      '',
      'Bearer x',
      'x'.repeat(5_000),
      'a\0b',
      '\ud800',
    ];
    const texts = new Set<string>();
    for (const token of tokens) {
      const { text } = await post(
        app,
        { query, variables: { token, tenantId: team.tenantId } },
        { authorization: `Bearer ${team.owner.token}` },
      );
      texts.add(text);
    }
    expect([...texts]).toEqual([JSON.stringify({ data: { verifySession: refused } })]);
  });

  test('is so for everybody while the tenant is suspended', async () => {
    const closed = await createTeam(app);
    const person = await createMember(app, closed, 'member');
    await app.owner.query(`update tenants set status = 'suspended' where id = $1`, [
      closed.tenantUuid,
    ]);
    const answer = await verify(closed.owner, person.token, closed.tenantId);
    expect(['NOT_FOUND', 'FORBIDDEN', refused]).toContainEqual(answer);
  });
});

describe('who may not verify', () => {
  test('members without sessions:verify get the same bytes for good and bad tokens', async () => {
    const texts = new Set<string>();
    for (const token of [team.owner.token, mintToken('tenantry_session').token, 'x', '\0']) {
      const { text } = await post(
        app,
        { query, variables: { token, tenantId: team.tenantId } },
        { authorization: `Bearer ${member.token}` },
      );
      texts.add(text);
    }
    expect([...texts]).toEqual([expect.stringContaining('"code":"FORBIDDEN"')]);
  });

  test('strangers are told that there is no such tenant, as of an absent or malformed one', async () => {
    const { owner: stranger } = await createTeam(app);
    const texts = new Set<string>();
    for (const tenantId of [team.tenantId, absentTenant, 'tenant_x', team.owner.userId, '\0']) {
      for (const token of [member.token, 'x']) {
        const variables = { token, tenantId };
        const authorization = `Bearer ${stranger.token}`;
        const { text } = await post(app, { query, variables }, { authorization });
        texts.add(text);
      }
    }
    expect([...texts]).toEqual([expect.stringContaining('"code":"NOT_FOUND"')]);
  });

  test('owners have to name their tenant, and a bound one cannot ask about another', async () => {
    expect(await verify(team.owner, member.token)).toBe('FORBIDDEN');
    const other = await createTeam(app);
    await addMember(app, other, team.owner, 'owner');
    const bound = await openSession(app, team.owner, team.slug);
    expect(await verify(bound, other.owner.token, other.tenantId)).toBe('NOT_FOUND');
    expect(await verify(team.owner, other.owner.token, other.tenantId)).toMatchObject({
      valid: true,
    });
  });

  test('anonymous callers have to sign in', async () => {
    for (const tenantId of [null, team.tenantId, absentTenant]) {
      expect(await verify(app, member.token, tenantId)).toBe('UNAUTHENTICATED');
    }
  });
});

test('platform administrators verify everybody, in a tenant and outside', async () => {
  const admin = await createPlatformAdmin(app);
  expect(await verify(admin, member.token)).toMatchObject({
    valid: true,
    permissions: [],
    user: { id: member.userId },
  });
  expect(await verify(admin, member.token, team.tenantId)).toMatchObject({
    valid: true,
    permissions: memberPermissions,
  });
  const { owner: outsider } = await createTeam(app);
  expect(await verify(admin, outsider.token, team.tenantId)).toEqual(refused);
});
