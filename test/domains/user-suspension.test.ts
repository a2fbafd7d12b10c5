import { beforeAll, expect, test } from 'vitest';
import { noScope } from '../../src/db/scope.ts';
import { createCast } from '../support/cast.ts';
import { isValid, openSession, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import { createPerson, createPlatformAdmin, type Person, toPublicId } from '../support/people.ts';

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

const absent = toPublicId('user', '00000000-0000-7000-8000-00000000dead');

test('suspending a user ends every session at once and lets nobody sign in with the right password', async () => {
  const person = await createPerson(app);
  const second = await openSession(app, person);
  const { value } = await manage(admin.ask, 'suspendUser', { userId: person.userId });
  expect(value.user.status).toBe('SUSPENDED');
  expect([await isValid(person), await isValid(second)]).toEqual([false, false]);
  const { email, password } = person;
  const right = await send(app.ask, 'signIn', { email, password });
  const wrong = await send(app.ask, 'signIn', { email, password: 'not the password of anybody' });
  expect(right.code).toBe('UNAUTHENTICATED');
  expect(right).toEqual(wrong);
});

test('a reinstated user signs in again, and no session from before comes back to life', async () => {
  const person = await createPerson(app);
  await manage(admin.ask, 'suspendUser', { userId: person.userId });
  const { value } = await manage(admin.ask, 'reinstateUser', { userId: person.userId });
  expect(value.user.status).toBe('ACTIVE');
  expect(await isValid(person)).toBe(false);
  expect(await isValid(await openSession(app, person))).toBe(true);
});

test.each(['suspendUser', 'reinstateUser'] as const)(
  'nobody but a platform administrator can %s, and nobody learns who exists by trying',
  async (name) => {
    const { member, as } = await createCast(app);
    for (const [caller, ask] of Object.entries(as)) {
      if (caller === 'platformAdmin') continue;
      const refused = await manage(ask, name, { userId: member.userId });
      const expected = caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
      expect([caller, refused.code]).toEqual([caller, expected]);
      expect(await manage(ask, name, { userId: absent })).toEqual(refused);
    }
    expect(await isValid(member)).toBe(true);
    expect((await manage(admin.ask, name, { userId: absent })).code).toBe('NOT_FOUND');
  },
);

test('a platform administrator cannot suspend itself', async () => {
  const own = await manage(admin.ask, 'suspendUser', { userId: admin.userId });
  expect(own.code).toBe('CONFLICT');
  expect(await isValid(admin)).toBe(true);
});

test('a suspended platform administrator has no power left', async () => {
  const rogue = await createPlatformAdmin(app);
  await manage(admin.ask, 'suspendUser', { userId: rogue.userId });
  const victim = await createPerson(app);
  expect((await manage(rogue.ask, 'suspendUser', { userId: victim.userId })).code).toBe(
    'UNAUTHENTICATED',
  );
  const scope = { ...noScope, userId: rogue.userUuid, tenantId: null, platform: true };
  const rows = await app.app.db.transaction(
    scope,
    (tx) =>
      tx.$queryRaw`select set_user_status(${victim.userUuid}::uuid, 'suspended') as "isChanged"`,
  );
  expect(rows).toEqual([{ isChanged: false }]);
});

test('suspending and reinstating stand in the audit log of the person with the reason, once each', async () => {
  const person = await createPerson(app);
  const input = { userId: person.userId, reason: 'Spam reports' };
  for (const name of ['suspendUser', 'suspendUser', 'reinstateUser', 'reinstateUser'] as const) {
    expect((await manage(admin.ask, name, input)).code).toBeNull();
  }
  const auditLog = (await readAuditLog(app, person.userUuid)).slice(-2);
  const by = { actor: admin.userUuid, target: person.userUuid };
  const reason = [null, 'Spam reports'];
  expect(auditLog).toEqual([
    {
      ...by,
      action: 'user.suspended',
      changes: { status: ['active', 'suspended'], sessions: [1, 0], reason },
    },
    {
      ...by,
      action: 'user.reinstated',
      changes: { status: ['suspended', 'active'], reason },
    },
  ]);
});
