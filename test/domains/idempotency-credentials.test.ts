import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createMemberWith,
  createProgram,
  isKeyValid,
  sendKey,
  toProgram,
} from '../support/api-keys.ts';
import { isValid, toOpenSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { impersonate, reason, tryImpersonate } from '../support/impersonation.ts';
import { sendInvitation } from '../support/invitations.ts';
import { countRows, readAuditLog } from '../support/life-cycle.ts';
import { readMails } from '../support/mail.ts';
import { updateMembership } from '../support/mutate.ts';
import { createPlatformAdmin, createTeam, type Person, type Team } from '../support/people.ts';

// Creations whose answer opens something: keys, sessions, invitations.

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

let team: Team;
let maker: Person & { membershipId: string };
beforeEach(async () => {
  team = await createTeam(app);
  maker = await createMemberWith(app, team, 'tenant:read', 'api-keys:manage', 'members:invite');
});

const keyOf = (name = 'deploy') => ({
  tenantId: team.tenantId,
  name,
  permissions: ['tenant:read'],
  idempotencyKey: randomUUID(),
});
const countKeys = () => countRows(app, 'api_keys where tenant_id = $1', team.tenantUuid);

describe('an API key', () => {
  test('is made once, and its secret told again to who made it', async () => {
    const input = keyOf();
    const first = await sendKey(maker.ask, 'createApiKey', input);
    const second = await sendKey(maker.ask, 'createApiKey', input);
    expect(first.code).toBeNull();
    expect(second).toEqual(first);
    expect(await countKeys()).toBe(1);
    expect((await readAuditLog(app, team.tenantUuid)).map(({ action }) => action)).toEqual([
      'tenant.created',
      'api_key.created',
    ]);
  });

  test('with the idempotency key of another is refused, and not made', async () => {
    const input = keyOf();
    await sendKey(maker.ask, 'createApiKey', input);
    expect(await sendKey(maker.ask, 'createApiKey', { ...input, name: 'another' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['idempotencyKey'],
    });
    expect(await countKeys()).toBe(1);
  });

  test('is another to a colleague, to a program and to an administrator in the maker’s name', async () => {
    const input = keyOf();
    const program = await createProgram(app, team.owner, team, 'tenant:read', 'api-keys:manage');
    const session = await impersonate(app, admin, maker);
    const { value } = await sendKey(maker.ask, 'createApiKey', input);
    for (const { ask } of [team.owner, program, session]) {
      const other = await sendKey(ask, 'createApiKey', input);
      expect(other.value?.secret ?? null).not.toBe(value.secret);
      expect(other.value?.apiKey?.id ?? null).not.toBe(value.apiKey.id);
    }
  });

  test('is told to nobody who has lost the right since', async () => {
    const input = keyOf();
    await sendKey(maker.ask, 'createApiKey', input);
    await updateMembership(team.owner.ask, maker.membershipId, { roleKeys: ['member'] });
    const refused = await sendKey(maker.ask, 'createApiKey', input);
    expect(refused).toMatchObject({ code: 'FORBIDDEN' });
    expect(JSON.stringify(refused)).not.toContain('secret');
  });

  test('that was revoked since is as dead when it is told again', async () => {
    const input = keyOf();
    const { value } = await sendKey(maker.ask, 'createApiKey', input);
    await sendKey(maker.ask, 'revokeApiKey', { apiKeyId: value.apiKey.id });
    const again = await sendKey(maker.ask, 'createApiKey', input);
    expect(await isKeyValid(toProgram(app, again.value))).toBe(false);
    expect(await countKeys()).toBe(1);
  });

  test('is rotated once, which does not end its successor', async () => {
    const { value } = await sendKey(maker.ask, 'createApiKey', keyOf());
    const input = { apiKeyId: value.apiKey.id, overlapSeconds: 0, idempotencyKey: randomUUID() };
    const first = await sendKey(maker.ask, 'rotateApiKey', input);
    expect(await sendKey(maker.ask, 'rotateApiKey', input)).toEqual(first);
    expect(await isKeyValid(toProgram(app, first.value))).toBe(true);
    expect(await countKeys()).toBe(2);
  });
});

test('people are invited once, and get one mail', async () => {
  const email = `${randomUUID()}@people.example`;
  const input = {
    tenantId: team.tenantId,
    invitations: [
      { email, roleKeys: [] },
      { email: 'no address', roleKeys: [] },
    ],
    idempotencyKey: randomUUID(),
  };
  const first = await sendInvitation(team.owner.ask, 'inviteMembers', input);
  expect(first).toMatchObject({
    code: null,
    value: { results: [{ invitation: { email } }, { error: { code: 'BAD_USER_INPUT' } }] },
  });
  expect(await sendInvitation(team.owner.ask, 'inviteMembers', input)).toEqual(first);
  expect(await readMails(app, email)).toHaveLength(1);
  expect(await countRows(app, 'invitations where tenant_id = $1', team.tenantUuid)).toBe(1);
});

describe('a session in somebody’s name', () => {
  test('is opened once, and told again as long as it lasts', async () => {
    const input = { userId: maker.userId, reason, idempotencyKey: randomUUID() };
    const first = await tryImpersonate(admin.ask, input);
    const second = await tryImpersonate(admin.ask, input);
    expect(first.code).toBeNull();
    expect(second.token).toBe(first.token);
    expect(await isValid(toOpenSession(app, second.token))).toBe(true);
    const sessions = 'sessions where user_id = $1 and impersonator_id is not null';
    expect(await countRows(app, sessions, maker.userUuid)).toBe(1);
  });

  test('is told to no administrator who is none any more', async () => {
    const former = await createPlatformAdmin(app);
    const input = { userId: maker.userId, reason, idempotencyKey: randomUUID() };
    const first = await tryImpersonate(former.ask, input);
    expect(first.code).toBeNull();
    await app.owner.query('update users set is_platform_admin = false where id = $1', [
      former.userUuid,
    ]);
    const refused = await tryImpersonate(former.ask, input);
    expect(refused).toMatchObject({ token: '', session: null });
    expect(refused.code).not.toBeNull();
    expect(await isValid(toOpenSession(app, first.token))).toBe(false);
  });
});
