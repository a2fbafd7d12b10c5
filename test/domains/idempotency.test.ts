import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCast } from '../support/cast.ts';
import { create, roleOf } from '../support/creations.ts';
import { openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { countRows, manage, readAuditLog } from '../support/life-cycle.ts';
import { mutate, type Outcome, readRows, updateMembership } from '../support/mutate.ts';
import { createMember, createPerson, createPlatformAdmin, createTeam } from '../support/people.ts';

const app = describeApp();

const refusedKey = { code: 'BAD_USER_INPUT', path: ['idempotencyKey'], value: null };

/** That the second answer is the first one, and no error. */
function expectSame(second: Outcome, first: Outcome) {
  expect(first.code).toBeNull();
  expect(second).toEqual(first);
}

describe('the same key with the same input', () => {
  test('makes one tenant, notified of once, and gives the same answer', async () => {
    const { ask } = await createPerson(app);
    const input = { name: 'Twice & Co.', metadata: { a: 1, b: [2] }, idempotencyKey: randomUUID() };
    const first = await create(ask, 'createTenant', input);
    // Equal values in another order are equal.
    const again = { ...input, metadata: { b: [2], a: 1 } };
    expectSame(await create(ask, 'createTenant', again), first);
    expect(await countRows(app, 'tenants where name = $1', input.name)).toBe(1);
    const actions = await app.owner.query(
      `select action from audit_events where changes -> 'slug' ->> 1 = $1`,
      [first.value.tenant.slug],
    );
    expect(actions.rows).toEqual([{ action: 'tenant.created' }]);
  });

  test('makes one role, notified of once, and gives the same answer even after it was changed', async () => {
    const team = await createTeam(app);
    const { ask } = team.owner;
    const input = roleOf(team, 'twice', randomUUID());
    const first = await create(ask, 'createRole', input);
    await ask(`mutation ($input: UpdateRoleInput!) { updateRole(input: $input) { __typename } }`, {
      variables: { input: { roleId: first.value.role.id, name: 'Changed' } },
    });
    expectSame(await create(ask, 'createRole', input), first);
    const auditLog = await readAuditLog(app, team.tenantUuid);
    expect(auditLog.map(({ action }) => action)).toEqual([
      'tenant.created',
      'role.created',
      'role.updated',
    ]);
  });

  test('without a key makes another one each time', async () => {
    const { ask } = await createPerson(app);
    const { value: first } = await create(ask, 'createTenant', { name: 'Apart', slug: 'apart-1' });
    const { value: second } = await create(ask, 'createTenant', { name: 'Apart', slug: 'apart-2' });
    expect(second.tenant.id).not.toBe(first.tenant.id);
    expect(await create(ask, 'createTenant', { name: 'Apart', slug: 'apart-2' })).toMatchObject({
      code: 'CONFLICT',
      path: ['slug'],
    });
  });

  test('is good in every session of the person', async () => {
    const person = await createPerson(app);
    const input = { name: 'From two devices', idempotencyKey: randomUUID() };
    const first = await create(person.ask, 'createTenant', input);
    const other = await openSession(app, person);
    expectSame(await create(other.ask, 'createTenant', input), first);
  });
});

describe('a key', () => {
  test('that came with another input is refused, and nothing is changed', async () => {
    const team = await createTeam(app);
    const input = roleOf(team, 'mine', randomUUID());
    await create(team.owner.ask, 'createRole', input);
    const before = await readRows(app);
    for (const change of [{ key: 'other' }, { description: 'More' }, { permissions: [] }]) {
      const answer = await create(team.owner.ask, 'createRole', { ...input, ...change });
      expect(answer).toEqual(refusedKey);
    }
    expect(await readRows(app)).toEqual(before);
  });

  test.each([
    ['empty', ''],
    ['longer than 255 characters', 'x'.repeat(256)],
    ['with a line break', 'a\nb'],
    ['with NUL', 'a\0b'],
    ['with a letter that is not ASCII', 'schlüssel'],
  ])('that is %s is refused', async (_fault, idempotencyKey) => {
    const { ask } = await createPerson(app);
    const answer = await create(ask, 'createTenant', { name: 'Never made', idempotencyKey });
    expect(answer).toEqual(refusedKey);
    expect(await countRows(app, `tenants where name = 'Never made'`)).toBe(0);
  });

  test.each(['x', ' ~', 'x'.repeat(255)])('of 1 to 255 characters is good: %j', async (key) => {
    const { ask } = await createPerson(app);
    const input = { name: `Key of ${key.length}`, idempotencyKey: key };
    expectSame(await create(ask, 'createTenant', input), await create(ask, 'createTenant', input));
  });

  test('is another key to another mutation', async () => {
    const team = await createTeam(app);
    const idempotencyKey = randomUUID();
    await create(team.owner.ask, 'createRole', roleOf(team, 'first', idempotencyKey));
    const input = { name: 'Of the same key', idempotencyKey };
    expect(await create(team.owner.ask, 'createTenant', input)).toMatchObject({ code: null });
  });

  test('is another key to another person', async () => {
    const input = { name: 'Everybody’s', idempotencyKey: 'the same for everybody' };
    const answers = [];
    for (const slug of ['everybody-1', 'everybody-2']) {
      const { ask } = await createPerson(app);
      answers.push(await create(ask, 'createTenant', { ...input, slug }));
    }
    expect(answers.map(({ value }) => value?.tenant.slug)).toEqual(['everybody-1', 'everybody-2']);
  });

  test('is another key to who acts in the name of its owner', async () => {
    const team = await createTeam(app);
    const admin = await createPlatformAdmin(app);
    const acting = await openSession(app, team.owner);
    await app.owner.query(
      `update sessions set impersonator_id = $2, expires_at = now() + interval '30 minutes'
       where id = $1`,
      [acting.uuid, admin.userUuid],
    );
    const input = roleOf(team, 'impersonated', randomUUID());
    expect(await create(team.owner.ask, 'createRole', input)).toMatchObject({ code: null });
    // No answer of the owner's: it is tried, and the role is there.
    const refused = { code: 'CONFLICT', path: ['key'] };
    expect(await create(acting.ask, 'createRole', input)).toMatchObject(refused);
  });
});

describe('an answer is given again to nobody who could not ask for it', () => {
  test('not to a stranger, to anybody signed out, or to a lower role', async () => {
    const { team, as } = await createCast(app);
    const input = roleOf(team, 'guarded', 'a key that all of them know');
    expect(await create(as.admin, 'createRole', input)).toMatchObject({ code: null });
    const codes = [];
    for (const caller of ['stranger', 'anonymous', 'paused', 'member', 'viewer'] as const) {
      codes.push((await create(as[caller], 'createRole', input)).code);
    }
    expect(codes).toEqual(['NOT_FOUND', 'UNAUTHENTICATED', 'NOT_FOUND', 'FORBIDDEN', 'FORBIDDEN']);
  });

  test('not to whom it was given before, once the right to it is gone', async () => {
    const team = await createTeam(app);
    const admin = await createMember(app, team, 'admin');
    const input = roleOf(team, 'lost', randomUUID());
    expect(await create(admin.ask, 'createRole', input)).toMatchObject({ code: null });
    await updateMembership(team.owner.ask, admin.membershipId, { roleKeys: ['viewer'] });
    expect(await create(admin.ask, 'createRole', input)).toMatchObject({ code: 'FORBIDDEN' });
    await mutate(team.owner.ask, 'removeMember', { membershipId: admin.membershipId });
    expect(await create(admin.ask, 'createRole', input)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a try that was refused', () => {
  test('leaves no key behind: the same key is good once the reason is gone', async () => {
    const holder = await createTeam(app);
    const { ask, userUuid } = await createPerson(app);
    const input = { name: 'Wanted', slug: holder.slug, idempotencyKey: randomUUID() };
    const refused = { code: 'CONFLICT', path: ['slug'] };
    expect(await create(ask, 'createTenant', input)).toMatchObject(refused);
    expect(await countRows(app, 'idempotency_keys where user_id = $1', userUuid)).toBe(0);
    const { tenantId, owner } = holder;
    await mutate(owner.ask, 'updateTenant', { tenantId, slug: `${holder.slug}-moved` });
    const made = await create(ask, 'createTenant', input);
    expectSame(await create(ask, 'createTenant', input), made);
  });

  test('holds its key for nothing else either', async () => {
    const team = await createTeam(app);
    const bad = roleOf(team, 'owner', randomUUID());
    const refused = { code: 'CONFLICT', path: ['key'] };
    expect(await create(team.owner.ask, 'createRole', bad)).toMatchObject(refused);
    const good = { ...bad, key: 'steward' };
    expect(await create(team.owner.ask, 'createRole', good)).toMatchObject({ code: null });
  });
});

describe('an answer', () => {
  /** Lets time pass for all answers to somebody. */
  const age = (userUuid: string, by: string) =>
    app.owner.query(
      'update idempotency_keys set expires_at = expires_at - $2::interval where user_id = $1',
      [userUuid, by],
    );

  test('is given for 24 hours; then the key is good for another input', async () => {
    const { ask, userUuid } = await createPerson(app);
    const input = { name: 'Of yesterday', slug: 'of-yesterday', idempotencyKey: randomUUID() };
    const first = await create(ask, 'createTenant', input);
    await age(userUuid, '23 hours 59 minutes');
    expectSame(await create(ask, 'createTenant', input), first);
    await age(userUuid, '1 minute');
    const refused = { code: 'CONFLICT', path: ['slug'] };
    expect(await create(ask, 'createTenant', input)).toMatchObject(refused);
    const today = { ...input, slug: 'of-today' };
    const second = await create(ask, 'createTenant', today);
    expectSame(await create(ask, 'createTenant', today), second);
    expect(await countRows(app, 'idempotency_keys where user_id = $1', userUuid)).toBe(1);
  });

  test('is deleted once it has expired, and no sooner', async () => {
    const admin = await createPlatformAdmin(app);
    const [old, young] = [await createPerson(app), await createPerson(app)];
    for (const [index, { ask }] of [old, young].entries()) {
      const input = { name: `Cleaned ${index}`, idempotencyKey: randomUUID() };
      await create(ask, 'createTenant', input);
    }
    await manage(admin.ask, 'cleanupExpiredData');
    await age(old.userUuid, '24 hours');
    const { data } = await admin.ask(
      `mutation { cleanupExpiredData {
        ... on CleanupExpiredDataSuccess { idempotencyKeys isComplete } } }`,
    );
    expect(data.cleanupExpiredData).toEqual({ idempotencyKeys: 1, isComplete: true });
    const left = (userUuid: string) =>
      countRows(app, 'idempotency_keys where user_id = $1', userUuid);
    expect([await left(old.userUuid), await left(young.userUuid)]).toEqual([0, 1]);
  });

  test('goes with the person it was given to', async () => {
    const team = await createTeam(app);
    const admin = await createMember(app, team, 'admin');
    await create(admin.ask, 'createRole', roleOf(team, 'left-behind', randomUUID()));
    const rows = () => countRows(app, 'idempotency_keys where user_id = $1', admin.userUuid);
    expect(await rows()).toBe(1);
    await manage(admin.ask, 'eraseUser', { userId: admin.userId });
    expect(await rows()).toBe(0);
  });
});
