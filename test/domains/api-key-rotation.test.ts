import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createMemberWith,
  createProgram,
  isKeyValid,
  type Program,
  sendKey,
  toProgram,
} from '../support/api-keys.ts';
import { type CallerName, type Cast, createCast } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import { createMember, createPlatformAdmin, createTeam, toUuid } from '../support/people.ts';

const app = describeApp();
let cast: Cast;
let program: Program;
beforeAll(async () => {
  cast = await createCast(app);
});
beforeEach(async () => {
  program = await createProgram(app, cast.owner, cast.team, 'tenant:read', 'members:read');
});

const rejections: [CallerName, string][] = [
  ['member', 'FORBIDDEN'],
  ['viewer', 'FORBIDDEN'],
  ['paused', 'NOT_FOUND'],
  ['stranger', 'NOT_FOUND'],
  ['anonymous', 'UNAUTHENTICATED'],
];

describe('rotating a key', () => {
  test('gives another secret with the same name and permissions, and ends the old at once', async () => {
    const { code, value } = await sendKey(cast.as.admin, 'rotateApiKey', { apiKeyId: program.id });
    expect(code).toBeNull();
    expect(value.apiKey).toMatchObject({
      name: 'deploy',
      permissions: ['members:read', 'tenant:read'],
      createdBy: { id: cast.admin.userId },
    });
    expect(value.apiKey.id).not.toBe(program.id);
    expect(await isKeyValid(program)).toBe(false);
    expect(await isKeyValid(toProgram(app, value))).toBe(true);
    const auditLog = await readAuditLog(app, cast.team.tenantUuid);
    expect(auditLog.slice(-2)).toMatchObject([
      { action: 'api_key.created', actor: cast.admin.userUuid, target: toUuid(value.apiKey.id) },
      {
        action: 'api_key.rotated',
        target: toUuid(program.id),
        changes: { replacedBy: [null, toUuid(value.apiKey.id)] },
      },
    ]);
  });

  test('lets the old key go on for the overlap, by the clock of the database', async () => {
    const input = { apiKeyId: program.id, overlapSeconds: 3_600 };
    const { value } = await sendKey(cast.as.owner, 'rotateApiKey', input);
    expect(await isKeyValid(program)).toBe(true);
    expect(await isKeyValid(toProgram(app, value))).toBe(true);
    const { rows } = await app.owner.query(
      `update api_keys k set expires_at = k.expires_at - interval '1 hour'
       where k.id = $1 returning k.expires_at <= now() as is_over, revoked_at`,
      [toUuid(program.id)],
    );
    expect(rows).toEqual([{ is_over: true, revoked_at: null }]);
    expect(await isKeyValid(program)).toBe(false);
    expect(await isKeyValid(toProgram(app, value))).toBe(true);
  });

  test('never lets a key go on longer than it would have', async () => {
    await app.owner.query(
      `update api_keys set expires_at = now() + interval '10 minutes' where id = $1`,
      [toUuid(program.id)],
    );
    await sendKey(cast.as.owner, 'rotateApiKey', { apiKeyId: program.id, overlapSeconds: 86_400 });
    const { rows } = await app.owner.query(
      `select expires_at <= now() + interval '10 minutes' as fits from api_keys where id = $1`,
      [toUuid(program.id)],
    );
    expect(rows).toEqual([{ fits: true }]);
  });

  test.each([-1, 86_401])('is refused with an overlap of %i seconds', async (overlapSeconds) => {
    const input = { apiKeyId: program.id, overlapSeconds };
    const outcome = await sendKey(cast.as.owner, 'rotateApiKey', input);
    expect(outcome).toMatchObject({ code: 'BAD_USER_INPUT', path: ['overlapSeconds'] });
    expect(await isKeyValid(program)).toBe(true);
  });

  test.each<[CallerName, string]>([...rejections, ['platformAdmin', 'FORBIDDEN']])(
    'is refused to who may not manage keys as a member: %s',
    async (name, code) => {
      const outcome = await sendKey(cast.as[name], 'rotateApiKey', { apiKeyId: program.id });
      expect(outcome.code).toBe(code);
      expect(await isKeyValid(program)).toBe(true);
    },
  );

  test('is refused for more than one has oneself, whereas revoking is not', async () => {
    const clerk = await createMemberWith(app, cast.team, 'api-keys:manage', 'tenant:read');
    const rotated = await sendKey(clerk.ask, 'rotateApiKey', { apiKeyId: program.id });
    expect(rotated).toMatchObject({ code: 'FORBIDDEN', path: ['permissions'] });
    expect(await isKeyValid(program)).toBe(true);
    const revoked = await sendKey(clerk.ask, 'revokeApiKey', { apiKeyId: program.id });
    expect(revoked.code).toBeNull();
    expect(await isKeyValid(program)).toBe(false);
  });

  test('needs a key that has not ended', async () => {
    await sendKey(cast.as.owner, 'revokeApiKey', { apiKeyId: program.id });
    for (const overlapSeconds of [0, 60]) {
      const input = { apiKeyId: program.id, overlapSeconds };
      expect((await sendKey(cast.as.owner, 'rotateApiKey', input)).code).toBe('CONFLICT');
    }
  });

  test('of one key by two at once makes one new key', async () => {
    const input = { apiKeyId: program.id };
    const outcomes = await Promise.all([
      sendKey(cast.as.owner, 'rotateApiKey', input),
      sendKey(cast.as.admin, 'rotateApiKey', input),
    ]);
    expect(outcomes.map(({ code }) => code).sort()).toEqual(['CONFLICT', null]);
  });

  test('needs no room for two where the old key ends at once, and is all or nothing', async () => {
    const team = await createTeam(app);
    const full = await createProgram(app, team.owner, team, 'tenant:read');
    const platformAdmin = await createPlatformAdmin(app);
    await manage(platformAdmin.ask, 'updateTenantLimits', { tenantId: team.tenantId, apiKeys: 1 });
    const overlapping = { apiKeyId: full.id, overlapSeconds: 60 };
    expect((await sendKey(team.owner.ask, 'rotateApiKey', overlapping)).code).toBe('LIMIT_REACHED');
    const { data } = await full.ask('{ viewer { apiKey { createdAt expiresAt } } }');
    const { createdAt, expiresAt } = data.viewer.apiKey;
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(90 * 86_400_000);
    const { code } = await sendKey(team.owner.ask, 'rotateApiKey', { apiKeyId: full.id });
    expect(code).toBeNull();
  });
});

describe('revoking a key', () => {
  test('ends it at once and is told in the audit log', async () => {
    const { code, value } = await sendKey(cast.as.admin, 'revokeApiKey', { apiKeyId: program.id });
    expect(code).toBeNull();
    expect(value.apiKey).toMatchObject({
      id: program.id,
      revokedAt: expect.any(String),
      effectivePermissions: [],
    });
    expect(await isKeyValid(program)).toBe(false);
    const [entry] = (await readAuditLog(app, cast.team.tenantUuid)).slice(-1);
    expect(entry).toMatchObject({
      action: 'api_key.revoked',
      actor: cast.admin.userUuid,
      target: toUuid(program.id),
      changes: { revokedAt: [null, value.apiKey.revokedAt] },
    });
  });

  test('a second time changes nothing and tells nothing', async () => {
    const first = await sendKey(cast.as.owner, 'revokeApiKey', { apiKeyId: program.id });
    const told = (await readAuditLog(app, cast.team.tenantUuid)).length;
    const second = await sendKey(cast.as.owner, 'revokeApiKey', { apiKeyId: program.id });
    expect(second).toEqual(first);
    expect(await readAuditLog(app, cast.team.tenantUuid)).toHaveLength(told);
  });

  test.each(rejections)('is refused to who may not: %s', async (name, code) => {
    const outcome = await sendKey(cast.as[name], 'revokeApiKey', { apiKeyId: program.id });
    expect(outcome.code).toBe(code);
    expect(await isKeyValid(program)).toBe(true);
  });

  test('is refused under the tenant of the stranger, as for an absent key', async () => {
    const tail = cast.otherTeam.tenantId.slice('tenant_'.length);
    const absent = `key_${'0'.repeat(32)}${tail}`;
    for (const apiKeyId of [
      program.id.slice(0, -32) + tail,
      absent,
      'x',
      program.id.slice(0, -32),
    ]) {
      const outcome = await sendKey(cast.as.stranger, 'revokeApiKey', { apiKeyId });
      expect(outcome.code).toBe('NOT_FOUND');
    }
    expect(await isKeyValid(program)).toBe(true);
  });

  test('is for platform administrators too', async () => {
    const outcome = await sendKey(cast.as.platformAdmin, 'revokeApiKey', { apiKeyId: program.id });
    expect(outcome.code).toBeNull();
    expect(await isKeyValid(program)).toBe(false);
  });

  test('leaves the other keys of its creator alone', async () => {
    const admin = await createMember(app, cast.team, 'admin');
    const kept = await createProgram(app, admin, cast.team, 'tenant:read');
    const ended = await createProgram(app, admin, cast.team, 'tenant:read');
    await sendKey(cast.as.owner, 'revokeApiKey', { apiKeyId: ended.id });
    expect([await isKeyValid(kept), await isKeyValid(ended)]).toEqual([true, false]);
  });
});
