import { afterAll, beforeAll, expect, test } from 'vitest';
import { isValid, send } from '../support/credentials.ts';
import { countRows, findChainViolation } from '../support/life-cycle.ts';
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

test('a suspended user is signed out at once, and can sign in again after being reinstated', async () => {
  const person = await createPerson(app);
  const args = ['user', 'suspend', person.email.toUpperCase(), '--reason', 'seen in a leak'];
  expect(await app.runJson(...args)).toMatchObject({ id: person.userId, status: 'SUSPENDED' });
  expect(await isValid(person)).toBe(false);
  expect((await send(app.ask, 'signIn', person)).code).not.toBeNull();
  const suspended = await app.runLines('user', 'list', '--status', 'suspended');
  expect(suspended.map(({ email }) => email)).toEqual([person.email]);
  expect(await app.run('user', 'reinstate', person.userId)).toEqual({
    code: 0,
    stdout: `${person.email} is active.\n`,
    stderr: '',
  });
  const { email, password } = person;
  expect((await send(app.ask, 'signIn', { email, password })).code).toBeNull();
  expect(await listOperatorEvents(app, person.userUuid)).toEqual([
    {
      action: 'user.suspended',
      changes: {
        status: ['active', 'suspended'],
        sessions: [1, 0],
        reason: [null, 'seen in a leak'],
      },
    },
    { action: 'user.reinstated', changes: { status: ['suspended', 'active'] } },
  ]);
  expect(await findChainViolation(app, person.userUuid)).toBeNull();
});

test('an erased user is deleted, and the audit log of each of their tenants records it', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  expect(await app.runJson('user', 'erase', member.email, '--yes')).toEqual({
    erasedUserId: member.userId,
  });
  expect(await isValid(member)).toBe(false);
  expect(await countRows(app, 'users where id = $1', member.userUuid)).toBe(0);
  const ended = await listOperatorEvents(app, team.tenantUuid);
  expect(ended.map(({ action }) => action)).toEqual(['membership.removed']);
  const own = await listOperatorEvents(app, member.userUuid);
  expect(own.map(({ action }) => action)).toEqual(['user.erased']);
});

test('a user is not erased without a confirmation or as the last owner of a tenant', async () => {
  const { owner, slug } = await createTeam(app);
  expect(await app.run('user', 'erase', owner.email)).toEqual(
    rejection(2, 'There is no terminal to confirm this at: give --yes.'),
  );
  expect(await app.run('user', 'erase', owner.email, '--yes')).toEqual(
    rejection(1, `This user is the last owner of "${slug}"; make someone else an owner first.`),
  );
  expect(await isValid(owner)).toBe(true);
  expect(await listOperatorEvents(app, owner.userUuid)).toEqual([]);
});

test('an invalid call ends with the reason in one line', async () => {
  const { email } = await createPerson(app);
  expect(await app.run('user', 'show', 'mary')).toEqual(
    rejection(1, '<user> must contain exactly one @.'),
  );
  expect(await app.run('user', 'suspend', `user_${'0'.repeat(32)}`)).toMatchObject({ code: 1 });
  expect(await app.run('user', 'suspend', email, '--reason', ' ')).toEqual(
    rejection(1, '--reason must not be blank.'),
  );
  expect(await app.run('user', 'list', '--status', 'gone')).toMatchObject({ code: 2, stdout: '' });
  expect(await app.run('user', 'list', '--limit', '0')).toMatchObject({ code: 2, stdout: '' });
});

test('user show prints the same fields as the API, with the memberships', async () => {
  const [team, other] = [await createTeam(app), await createTeam(app)];
  const member = await createMember(app, team, 'admin');
  const { data } = await member.ask(
    `{ viewer { user { id email emailVerified name avatarUrl locale status metadata lastSignInAt
         createdAt } memberships { edges { node { id isActive joinedAt roles { key name }
         tenant { id slug name } } } } } }`,
  );
  const { user, memberships } = data.viewer;
  const shown = await app.runJson('user', 'show', member.email);
  expect(shown).toEqual({
    ...user,
    isPlatformAdmin: false,
    memberships: memberships.edges.map(({ node }: { node: object }) => node),
  });
  const { stdout } = await app.run('user', 'show', member.userId);
  expect(stdout).toMatch(new RegExp(`Belongs to:\n${team.slug} +admin\n$`));
  expect(stdout).not.toContain(other.slug);
});

test('control characters in a name are printed harmlessly', async () => {
  const person = await createPerson(app);
  await app.owner.query('update users set name = $2 where id = $1', [
    person.userUuid,
    'Mary\u001b[31m\u009bK\u202eyraM',
  ]);
  const table = await app.run('user', 'list', '--search', person.email);
  expect(table.stdout).toContain('Mary\ufffd[31m\ufffdK\ufffdyraM');
  const [listed] = await app.runLines('user', 'list', '--search', person.email);
  expect(listed.name).toBe('Mary\u001b[31m\u009bK\u202eyraM');
  const { stdout } = await app.run('user', 'list', '--search', person.email, '--json');
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('\u009b');
});
