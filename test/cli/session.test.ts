import { afterAll, beforeAll, expect, test } from 'vitest';
import { isValid, openSession } from '../support/credentials.ts';
import { createMember, createPerson, createTeam } from '../support/people.ts';
import {
  listOperatorEvents,
  type OperatedApp,
  rejection,
  startOperatedApp,
} from './operator-fixture.ts';

let app: OperatedApp;
beforeAll(async () => {
  app = await startOperatedApp();
});
afterAll(() => app.close());

test('a session is revoked at once, no other is, and the audit log of the user records it', async () => {
  const person = await createPerson(app);
  const second = await openSession(app, person);
  const listed = await app.runLines('session', 'list', '--user', person.email);
  expect(listed.map(({ id }) => id)).toHaveLength(2);
  expect(listed[0]).toMatchObject({
    id: second.id,
    user: { id: person.userId, email: person.email },
    tenant: null,
    impersonator: null,
  });
  expect(await app.runJson('session', 'revoke', second.id)).toEqual({
    revokedSessionId: second.id,
  });
  expect([await isValid(second), await isValid(person)]).toEqual([false, true]);
  expect(await listOperatorEvents(app, person.userUuid)).toEqual([
    { action: 'session.revoked', changes: {} },
  ]);
  expect(await app.run('session', 'revoke', second.id)).toEqual(
    rejection(1, 'This session does not exist or is not visible to you.'),
  );
});

test('sessions bound to a tenant are listed for it, and their end is recorded in its audit log', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const bound = await openSession(app, member, team.slug);
  const listed = await app.runLines('session', 'list', '--tenant', team.slug);
  expect(listed).toMatchObject([{ id: bound.id, tenant: { slug: team.slug } }]);
  const args = ['session', 'revoke', '--user', member.email, '--tenant', team.tenantId, '--yes'];
  expect(await app.runJson(...args)).toEqual({ revokedCount: 1 });
  expect([await isValid(bound), await isValid(member)]).toEqual([false, true]);
  expect(await listOperatorEvents(app, team.tenantUuid)).toEqual([
    { action: 'sessions.revoked', changes: { count: [1, 0] } },
  ]);
});

test('all sessions of a user are revoked only with --yes', async () => {
  const person = await createPerson(app);
  const second = await openSession(app, person);
  expect(await app.run('session', 'revoke', '--user', person.email)).toEqual(
    rejection(2, 'There is no terminal to confirm this at: give --yes.'),
  );
  expect([await isValid(second), await isValid(person)]).toEqual([true, true]);
  expect(await app.run('session', 'revoke', '--user', person.email, '--yes')).toEqual({
    code: 0,
    stdout: `Ended 2 sessions of ${person.email}.\n`,
    stderr: '',
  });
  expect([await isValid(second), await isValid(person)]).toEqual([false, false]);
  expect(await listOperatorEvents(app, person.userUuid)).toEqual([
    { action: 'sessions.revoked', changes: { count: [2, 0] } },
  ]);
});

test('a call with no selection of sessions or an ambiguous one ends with 2', async () => {
  const both = ['--user', 'mary@example.com', '--tenant', 'acme'];
  expect(await app.run('session', 'list', ...both)).toMatchObject({ code: 2, stdout: '' });
  expect(await app.run('session', 'revoke')).toMatchObject({ code: 2, stdout: '' });
  expect(await app.run('session', 'revoke', 'session_1', '--tenant', 'acme')).toMatchObject({
    code: 2,
  });
  expect(await app.run('session', 'revoke', 'session_1')).toEqual(
    rejection(1, 'This session does not exist or is not visible to you.'),
  );
});
