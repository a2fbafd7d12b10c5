import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { isValid, openSession, send } from '../support/credentials.ts';
import { type Impersonation, impersonate } from '../support/impersonation.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import { createPerson, createPlatformAdmin, createTeam, type Person } from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

let both: TwoProcesses;
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  both = await startTwoProcesses();
  app = both.here;
  admin = await createPlatformAdmin(app);
});
afterAll(() => both.close());

/** Whether it is somebody's, here and in the other process. */
const goodAnywhere = async (session: Impersonation) => [
  await isValid(session),
  await both.isValidThere(session),
];
const [everywhere, nowhere] = [
  [true, true],
  [false, false],
];
const sql = (statement: string, { userUuid }: Person) => app.owner.query(statement, [userUuid]);

test('signing out of it ends it, tells the audit log who did, and leaves the person signed in', async () => {
  const person = await createPerson(app);
  const session = await impersonate(app, admin, person);
  expect(await goodAnywhere(session)).toEqual(everywhere);
  expect(await send(session.ask, 'signOut')).toMatchObject({ code: null });
  expect(await goodAnywhere(session)).toEqual(nowhere);
  expect(await isValid(person)).toBe(true);
  const { rows } = await app.owner.query(
    'select actor_id, impersonator_id from audit_events where chain_id = $1 and action = $2',
    [person.userUuid, 'session.closed'],
  );
  expect(rows).toEqual([{ actor_id: person.userUuid, impersonator_id: admin.userUuid }]);
});

test('the person finds it among its sessions and can end it there', async () => {
  const person = await createPerson(app);
  const session = await impersonate(app, admin, person);
  const { data } = await person.ask(
    '{ viewer { sessions { edges { node { id impersonatorId } } } } }',
  );
  const nodes = data.viewer.sessions.edges.map(({ node }: { node: object }) => node);
  expect(nodes).toContainEqual({ id: session.id, impersonatorId: admin.userId });
  expect(await send(person.ask, 'revokeSession', { sessionId: session.id })).toMatchObject({
    code: null,
  });
  expect(await goodAnywhere(session)).toEqual(nowhere);
});

test('the administrator can end it from its own session, and nobody else can', async () => {
  const person = await createPerson(app);
  const session = await impersonate(app, admin, person);
  const input = { sessionId: session.id };
  const { owner: stranger } = await createTeam(app);
  expect((await send(stranger.ask, 'revokeSession', input)).code).toBe('NOT_FOUND');
  expect(await goodAnywhere(session)).toEqual(everywhere);
  expect((await send(admin.ask, 'revokeSession', input)).code).toBeNull();
  expect(await goodAnywhere(session)).toEqual(nowhere);
  expect(await readAuditLog(app, person.userUuid)).toContainEqual(
    expect.objectContaining({ action: 'session.revoked', actor: admin.userUuid }),
  );
});

test('opening it anew ends the one before, of the same administrator alone', async () => {
  const person = await createPerson(app);
  const [first, of] = [await impersonate(app, admin, person), await createPlatformAdmin(app)];
  const others = await impersonate(app, of, person);
  const second = await impersonate(app, admin, person);
  expect(await Promise.all([first, others, second].map(isValid))).toEqual([false, true, true]);
});

test.each([
  ['suspended', `update users set status = 'suspended' where id = $1`],
  ['demoted', 'update users set is_platform_admin = false where id = $1'],
  ['gone', 'delete from users where id = $1'],
])('it ends at once in all processes when the administrator is %s', async (_what, statement) => {
  const rogue = await createPlatformAdmin(app);
  const session = await impersonate(app, rogue, await createPerson(app));
  expect(await goodAnywhere(session)).toEqual(everywhere);
  await sql(statement, rogue);
  expect(await goodAnywhere(session)).toEqual(nowhere);
});

test('it does not come back to life with the rights of the administrator', async () => {
  const rogue = await createPlatformAdmin(app);
  const session = await impersonate(app, rogue, await createPerson(app));
  await manage(admin.ask, 'suspendUser', { userId: rogue.userId });
  await manage(admin.ask, 'reinstateUser', { userId: rogue.userId });
  expect(await goodAnywhere(session)).toEqual(nowhere);
});

test.each([
  ['suspended', `update users set status = 'suspended' where id = $1`],
  ['made an administrator', 'update users set is_platform_admin = true where id = $1'],
])('it ends when the person is %s', async (_what, statement) => {
  const person = await createPerson(app);
  const session = await impersonate(app, admin, person);
  await sql(statement, person);
  expect(await goodAnywhere(session)).toEqual(nowhere);
});

test('who ends all of its sessions, or changes its password, also ends what they had opened', async () => {
  const { password, ...other } = await createPlatformAdmin(app);
  const session = await impersonate(app, other, await createPerson(app));
  expect(await send(other.ask, 'revokeSessions')).toMatchObject({ value: { revokedCount: 1 } });
  expect(await isValid(session)).toBe(false);
  const again = await impersonate(app, other, await createPerson(app));
  const newPassword = 'another long enough secret of nobody';
  await send(other.ask, 'changePassword', { currentPassword: password, newPassword });
  expect(await isValid(again)).toBe(false);
  expect(await isValid(await openSession(app, { ...other, password: newPassword }))).toBe(true);
});
