import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createMemberWith, createProgram, isKeyValid, sendKey } from '../support/api-keys.ts';
import { listStatementsOf } from '../support/app.ts';
import { type CallerName, type Cast, createCast } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { countRows, manage, readAuditLog } from '../support/life-cycle.ts';
import { codeOf, listInvalidTexts } from '../support/mutate.ts';
import { createMember, createPlatformAdmin, createTeam, toUuid } from '../support/people.ts';

const app = describeApp();
let cast: Cast;
beforeAll(async () => {
  cast = await createCast(app);
});

const keyOf = ({ team }: Pick<Cast, 'team'>, changes: object = {}) => ({
  tenantId: team.tenantId,
  name: 'deploy',
  permissions: ['tenant:read', 'members:read'],
  ...changes,
});

const dayMs = 86_400_000;

describe('a new key', () => {
  test('is shown once and good for 90 days, with what it was made for', async () => {
    const { code, value } = await sendKey(cast.as.admin, 'createApiKey', keyOf(cast));
    expect(code).toBeNull();
    const { secret, apiKey } = value;
    expect(secret).toMatch(/^tenantry_test_key_[0-9A-Za-z]{49}$/);
    expect(apiKey).toMatchObject({
      id: expect.stringMatching(/^key_[0-9a-f]{64}$/),
      name: 'deploy',
      hint: `tenantry_test_key_…${secret.slice(-4)}`,
      permissions: ['members:read', 'tenant:read'],
      effectivePermissions: ['members:read', 'tenant:read'],
      lastUsedAt: null,
      revokedAt: null,
      tenant: { id: cast.team.tenantId },
      createdBy: { id: cast.admin.userId },
    });
    expect(Date.parse(apiKey.expiresAt) - Date.parse(apiKey.createdAt)).toBe(90 * dayMs);
  });

  test('is stored as a hash alone, and told in the audit log without its secret', async () => {
    const { value } = await sendKey(cast.as.owner, 'createApiKey', keyOf(cast, { name: 'told' }));
    const { secret, apiKey } = value;
    const { rows } = await app.owner.query('select to_jsonb(k)::text as row from api_keys k');
    const [stored] = rows.filter(({ row }) => row.includes(toUuid(apiKey.id)));
    expect(stored.row).toContain(createHash('sha256').update(secret).digest('hex'));
    const auditLog = await readAuditLog(app, cast.team.tenantUuid);
    const entry = auditLog.find(({ target }) => target === toUuid(apiKey.id));
    expect(entry).toMatchObject({
      action: 'api_key.created',
      actor: cast.owner.userUuid,
      changes: {
        name: [null, 'told'],
        permissions: [null, ['members:read', 'tenant:read']],
        expiresAt: [null, apiKey.expiresAt],
      },
    });
    const everything = JSON.stringify([rows, auditLog]);
    expect(everything).not.toContain(secret.slice('tenantry_test_key_'.length, -6));
  });

  test.each<[CallerName, string | null]>([
    ['owner', null],
    ['admin', null],
    ['member', 'FORBIDDEN'],
    ['viewer', 'FORBIDDEN'],
    ['paused', 'NOT_FOUND'],
    ['stranger', 'NOT_FOUND'],
    ['anonymous', 'UNAUTHENTICATED'],
    // A key acts with its creator's rights as a member, and this one is none.
    ['platformAdmin', 'FORBIDDEN'],
  ])('is made by who may manage keys: %s', async (name, code) => {
    const before = await countRows(app, 'api_keys');
    const outcome = await sendKey(cast.as[name], 'createApiKey', keyOf(cast));
    expect(outcome.code).toBe(code);
    expect(await countRows(app, 'api_keys')).toBe(before + (code ? 0 : 1));
  });

  test('in an absent tenant or one with no proper id is refused as in a foreign one', async () => {
    for (const tenantId of [`tenant_${'0'.repeat(32)}`, 'x', cast.owner.userId, '\0']) {
      const { code } = await sendKey(cast.as.owner, 'createApiKey', keyOf(cast, { tenantId }));
      expect(code).toBe('NOT_FOUND');
    }
  });

  test('never has what its creator does not have, nor what is an owner’s in person', async () => {
    const { team } = cast;
    const clerk = await createMemberWith(app, team, 'api-keys:manage', 'tenant:read');
    const ask = (permissions: string[]) =>
      sendKey(clerk.ask, 'createApiKey', keyOf(cast, { permissions }));
    const path = ['permissions'];
    expect(await ask(['tenant:read'])).toMatchObject({ code: null });
    expect(await ask(['tenant:read', 'members:read'])).toMatchObject({ code: 'FORBIDDEN', path });
    for (const permission of ['tenant:own', 'tenant:delete', 'members:raed', '__proto__', '']) {
      const input = keyOf(cast, { permissions: ['tenant:read', permission] });
      const outcome = await sendKey(cast.as.owner, 'createApiKey', input);
      expect(outcome, permission).toMatchObject({ code: 'BAD_USER_INPUT', path });
    }
    expect(await ask([])).toMatchObject({ code: 'BAD_USER_INPUT', path });
  });

  test.each(listInvalidTexts(100))('has no name that is %s', async (_what, name) => {
    const outcome = await sendKey(cast.as.owner, 'createApiKey', keyOf(cast, { name }));
    expect(outcome).toMatchObject({ code: 'BAD_USER_INPUT', path: ['name'] });
  });

  test('ends when it is to, within 365 days and not before it begins', async () => {
    const create = (inMs: number) =>
      sendKey(
        cast.as.owner,
        'createApiKey',
        keyOf(cast, { expiresAt: new Date(Date.now() + inMs).toISOString() }),
      );
    expect((await create(364 * dayMs)).code).toBeNull();
    for (const inMs of [366 * dayMs, -60_000]) {
      expect(await create(inMs)).toMatchObject({ code: 'BAD_USER_INPUT', path: ['expiresAt'] });
    }
  });

  test('is refused beyond the limit of the tenant, where ended keys leave room', async () => {
    const team = await createTeam(app);
    const platformAdmin = await createPlatformAdmin(app);
    await manage(platformAdmin.ask, 'updateTenantLimits', { tenantId: team.tenantId, apiKeys: 2 });
    const { owner } = team;
    const create = async () => (await sendKey(owner.ask, 'createApiKey', keyOf({ team }))).code;
    const first = await createProgram(app, owner, team, 'tenant:read');
    const outcomes = await Promise.all([create(), create(), create()]);
    expect(outcomes.sort()).toEqual(['LIMIT_REACHED', 'LIMIT_REACHED', null]);
    await sendKey(owner.ask, 'revokeApiKey', { apiKeyId: first.id });
    expect(await create()).toBeNull();
    await app.owner.query(
      `update api_keys set expires_at = now() where tenant_id = $1 and revoked_at is null
       and id = (select max(id::text)::uuid from api_keys where tenant_id = $1)`,
      [team.tenantUuid],
    );
    expect(await create()).toBeNull();
    expect(await create()).toBe('LIMIT_REACHED');
    const { data } = await owner.ask(
      'query ($id: ID!) { tenant(id: $id) { usage { apiKeys } limits { apiKeys } } }',
      { variables: { id: team.tenantId } },
    );
    expect(data.tenant).toEqual({ usage: { apiKeys: 2 }, limits: { apiKeys: 2 } });
  });
});

describe('the keys of a tenant', () => {
  const listQuery = `query ($id: ID!, $first: Int, $after: String) { tenant(id: $id) {
    apiKeys(first: $first, after: $after) {
      edges { node { id name revokedAt effectivePermissions createdBy { id } } }
      pageInfo { hasNextPage endCursor } } } }`;

  test('are listed newest first, page by page, ended ones too', async () => {
    const team = await createTeam(app);
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.unshift((await createProgram(app, team.owner, team, 'tenant:read')).id);
    }
    await sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: ids[1] });
    const seen: { id: string; revokedAt: string | null; effectivePermissions: string[] }[] = [];
    let after: string | null = null;
    do {
      const variables = { id: team.tenantId, first: 2, after };
      const { data } = await team.owner.ask(listQuery, { variables });
      const { edges, pageInfo } = data.tenant.apiKeys;
      seen.push(...edges.map(({ node }: { node: (typeof seen)[number] }) => node));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen.map(({ id }) => id)).toEqual(ids);
    expect(seen.map(({ revokedAt }) => revokedAt !== null)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(seen.map(({ effectivePermissions }) => effectivePermissions.length)).toEqual([
      1, 0, 1, 1, 1,
    ]);
  });

  test('cost the same number of statements however many there are', async () => {
    const team = await createTeam(app);
    const ask = async () => {
      const statements = await listStatementsOf(app, () =>
        team.owner.ask(listQuery, { variables: { id: team.tenantId } }),
      );
      return statements.filter((text) => !text.includes('touch_')).length;
    };
    await createProgram(app, team.owner, team, 'tenant:read');
    const forOne = await ask();
    for (let count = 0; count < 4; count += 1) {
      await createProgram(app, team.owner, team, 'tenant:read');
    }
    expect(await ask()).toBe(forOne);
  });

  test.each<[CallerName, string | null]>([
    ['owner', null],
    ['admin', null],
    ['platformAdmin', null],
    ['member', 'FORBIDDEN'],
    ['viewer', 'FORBIDDEN'],
  ])('are shown to who may read them, by the list and by id: %s', async (name, code) => {
    const { id } = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const variables = { id: cast.team.tenantId, first: 1 };
    const list = await cast.as[name](listQuery, { variables });
    expect(codeOf(list)).toBe(code);
    const { data } = await cast.as[name]('query ($id: ID!) { node(id: $id) { id } }', {
      variables: { id },
    });
    expect(data.node).toEqual(code ? null : { id });
  });

  test('are nobody else’s: neither by their id nor under the tenant of the stranger', async () => {
    const { id } = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const moved = id.slice(0, -32) + cast.otherTeam.tenantId.slice('tenant_'.length);
    for (const name of ['stranger', 'paused', 'anonymous'] as const) {
      const { data } = await cast.as[name]('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
        variables: { ids: [id, moved] },
      });
      expect(data.nodes).toEqual([null, null]);
    }
  });

  test('may do less as soon as their creator may, and nothing once the creator is gone', async () => {
    const admin = await createMember(app, cast.team, 'admin');
    const program = await createProgram(app, admin, cast.team, 'tenant:read', 'roles:manage');
    const read = async () => {
      const { data } = await cast.as.owner(
        'query ($id: ID!) { node(id: $id) { ... on ApiKey { permissions effectivePermissions createdBy { id } } } }',
        { variables: { id: program.id } },
      );
      return data.node;
    };
    const permissions = ['roles:manage', 'tenant:read'];
    expect(await read()).toEqual({
      permissions,
      effectivePermissions: permissions,
      createdBy: { id: admin.userId },
    });
    await app.owner.query(`delete from membership_roles where membership_id = $1`, [
      toUuid(admin.membershipId),
    ]);
    await app.owner.query(
      `insert into membership_roles select tenant_id, $2, id from roles
       where tenant_id = $1 and key = 'viewer'`,
      [cast.team.tenantUuid, toUuid(admin.membershipId)],
    );
    expect(await read()).toMatchObject({ permissions, effectivePermissions: ['tenant:read'] });
    await manage(admin.ask, 'eraseUser', { userId: admin.userId });
    expect(await read()).toEqual({ permissions, effectivePermissions: [], createdBy: null });
    expect(await isKeyValid(program)).toBe(false);
  });
});
