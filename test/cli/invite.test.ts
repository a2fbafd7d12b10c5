import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMember, createTeam } from '../support/people.ts';
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

const countMails = async () => {
  const { rows } = await app.owner.query('select count(*)::int as mails from mail_outbox');
  return rows[0].mails;
};

test('invitations are sent by mail, and recorded in the audit log without an actor', async () => {
  const team = await createTeam(app);
  const before = await countMails();
  const emails = ['Mary@people.example', 'joe@people.example'];
  const results = await app.runLines('invite', ...emails, '--tenant', team.slug, '--role', 'admin');
  expect(results).toMatchObject([
    {
      email: 'mary@people.example',
      invitation: { roles: [{ key: 'admin' }], status: 'PENDING' },
      error: null,
    },
    { email: 'joe@people.example', error: null },
  ]);
  expect((await countMails()) - before).toBe(2);
  const { data } = await team.owner.ask(
    `query ($id: ID!) { tenant(id: $id) { invitations { edges { node { id } } } } }`,
    { variables: { id: team.tenantId } },
  );
  const ids = data.tenant.invitations.edges.map(({ node }: { node: { id: string } }) => node.id);
  expect(ids.sort()).toEqual(results.map(({ invitation }) => invitation.id).sort());
  const events = await listOperatorEvents(app, team.tenantUuid);
  expect(events.map(({ action }) => action)).toEqual(['invitation.created', 'invitation.created']);
});

test('an address that cannot be invited is reported, does not stop the others and ends with 1', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const args = ['invite', member.email, 'mary', 'new@people.example', '--tenant', team.slug];
  const { code, stdout, stderr } = await app.run(...args);
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'error: 2 of 3 not invited.\n' });
  const [titles, first, second, third] = stdout.split('\n');
  expect(titles).toMatch(/^E-MAIL +OUTCOME +ROLES +UNTIL$/);
  expect(first).toContain(member.email);
  expect(second).toMatch(/^mary +.*exactly one @/);
  expect(third).toMatch(/^new@people.example +invited +member +\d{4}-/);
});

test('an invalid call changes nothing', async () => {
  const team = await createTeam(app);
  const before = await countMails();
  expect(await app.run('invite', 'mary@people.example', '--tenant', 'no-such-tenant')).toEqual(
    rejection(1, 'There is no tenant "no-such-tenant".'),
  );
  const many = Array.from({ length: 101 }, (_, number) => `p${number}@people.example`);
  expect(await app.run('invite', ...many, '--tenant', team.slug)).toEqual(
    rejection(1, '<email...>: Invite between 1 and 100 people at once.'),
  );
  expect(await app.run('invite', '--tenant', team.slug)).toMatchObject({ code: 2, stdout: '' });
  expect(await countMails()).toBe(before);
});
