import { beforeAll, expect, test } from 'vitest';
import { listStatementsOf, startTestApp } from '../support/app.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  createVerified,
  invite,
  inviteOne,
  type Line,
  sendInvitation,
} from '../support/invitations.ts';
import { countRows, manage } from '../support/life-cycle.ts';
import { readMails } from '../support/mail.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

// What becomes of each line of a call that invites many.

const app = describeApp();
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});

const pendingOf = ({ tenantUuid }: Team) =>
  countRows(app, `invitations where tenant_id = $1 and status = 'pending'`, tenantUuid);

function listLines(count: number, name: string): Line[] {
  return Array.from({ length: count }, (_, index) => ({
    email: `${name}-${index}@people.example`,
    roleKeys: ['member'],
  }));
}

test('a hundred people are invited at once, each with a mail; one more and the call is refused', async () => {
  const team = await createTeam(app);
  const lines = listLines(100, 'crowd');
  const { code, value } = await invite(team, lines);
  expect(code).toBeNull();
  expect(value.results.map(({ email }: Line) => email)).toEqual(lines.map(({ email }) => email));
  expect(await pendingOf(team)).toBe(100);
  expect(await readMails(app, 'crowd-99@people.example')).toHaveLength(1);
  const tooMany = await invite(team, listLines(101, 'more'));
  expect([tooMany.code, tooMany.path]).toEqual(['BAD_USER_INPUT', ['invitations']]);
  expect((await invite(team, [])).code).toBe('BAD_USER_INPUT');
  expect(await pendingOf(team)).toBe(100);
});

test('fifty people are invited with as many statements as one', async () => {
  const team = await createTeam(app);
  const count = async (lines: Line[]) =>
    (
      await listStatementsOf(app, async () => {
        const { value } = await invite(team, lines);
        expect(value.results).toHaveLength(lines.length);
      })
    ).filter((text) => !text.includes('touch_sessions')).length;
  expect(await count(listLines(50, 'fifty'))).toBe(await count(listLines(1, 'single')));
});

test('each line has its own result, and a bad one stops no other', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const { code, value } = await invite(team, [
    { email: 'first@people.example', roleKeys: ['member'] },
    { email: 'no address', roleKeys: ['member'] },
    { email: 'FIRST@people.example', roleKeys: ['viewer'] },
    { email: 'second@people.example', roleKeys: ['member', 'nobody-has-this'] },
    { email: member.email, roleKeys: ['member'] },
    { email: 'third@people.example', roleKeys: Array.from({ length: 21 }, () => 'member') },
    { email: 'fourth@people.example', roleKeys: ['viewer'] },
  ]);
  expect(code).toBeNull();
  const results = value.results.map(
    ({ email, invitation, error }: { email: string; invitation: unknown; error: unknown }) => [
      email,
      invitation !== null,
      error && [(error as { code: string }).code, (error as { path: string[] }).path],
    ],
  );
  expect(results).toEqual([
    ['first@people.example', true, null],
    ['no address', false, ['BAD_USER_INPUT', ['invitations', '1', 'email']]],
    ['first@people.example', false, ['CONFLICT', ['invitations', '2', 'email']]],
    ['second@people.example', false, ['BAD_USER_INPUT', ['invitations', '3', 'roleKeys']]],
    [member.email, false, ['CONFLICT', ['invitations', '4', 'email']]],
    ['third@people.example', false, ['BAD_USER_INPUT', ['invitations', '5', 'roleKeys']]],
    ['fourth@people.example', true, null],
  ]);
  expect(await pendingOf(team)).toBe(2);
});

test('nobody learns by inviting whether an address has an account', async () => {
  const team = await createTeam(app);
  const known = await createPerson(app);
  const { email: unknown } = { email: known.email.replace('person', 'nobody') };
  const stripped = async (email: string) => {
    let value: unknown;
    const statements = await listStatementsOf(app, async () => {
      ({ value } = await invite(team, [{ email, roleKeys: ['member'] }]));
    });
    const text = JSON.stringify(value).replaceAll(email, '…');
    return {
      statements: statements.filter((statement) => !statement.includes('touch_sessions')),
      text: text.replace(/invite_\w+/g, 'id').replace(/"expiresAt":"[^"]*"/, ''),
    };
  };
  expect(await stripped(known.email)).toEqual(await stripped(unknown));
});

test('an empty list of roles takes the default role of the tenant', async () => {
  const team = await createTeam(app);
  await manage(team.owner.ask, 'updateTenant', {
    tenantId: team.tenantId,
    settings: { defaultRoleKey: 'viewer' },
  });
  const { value } = await invite(team, [{ email: 'plain@people.example', roleKeys: [] }]);
  expect(value.results[0].invitation.roles).toEqual([{ key: 'viewer' }]);
});

test('only addresses of the domains that the tenant allows are invited', async () => {
  const team = await createTeam(app);
  await manage(team.owner.ask, 'updateTenant', {
    tenantId: team.tenantId,
    settings: { allowedEmailDomains: ['acme.example'] },
  });
  expect(await inviteOne(team, 'a@acme.example')).toMatchObject({ code: null });
  for (const email of ['a@evil.example', 'a@sub.acme.example', 'a@acme.example.evil.example']) {
    expect(await inviteOne(team, email)).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['invitations', '0', 'email'],
    });
  }
});

test('nobody gives by invitation what it does not have, and an owner makes owners', async () => {
  const team = await createTeam(app);
  const manager = await createMember(app, team, 'admin');
  const refused = await inviteOne(team, 'boss@people.example', {
    roleKeys: ['viewer', 'owner'],
    ask: manager.ask,
  });
  expect(refused).toMatchObject({ code: 'FORBIDDEN', path: ['invitations', '0', 'roleKeys'] });
  expect((await inviteOne(team, 'boss@people.example', { roleKeys: ['owner'] })).code).toBeNull();
});

test('an invitation to more than one has is neither replaced, sent again nor taken back by it', async () => {
  const team = await createTeam(app);
  const manager = await createMember(app, team, 'admin');
  const { id } = await inviteOne(team, 'chief@people.example', { roleKeys: ['owner'] });
  const again = await inviteOne(team, 'chief@people.example', { ask: manager.ask });
  expect(again).toMatchObject({ code: 'FORBIDDEN', path: ['invitations', '0', 'email'] });
  for (const name of ['resendInvitation', 'revokeInvitation'] as const) {
    expect((await sendInvitation(manager.ask, name, { invitationId: id })).code).toBe('FORBIDDEN');
  }
  expect(await readMails(app, 'chief@people.example')).toHaveLength(1);
});

test('members and pending invitations together fill a tenant; what is replaced or expired takes no place', async () => {
  const team = await createTeam(app);
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 3 });
  const { value } = await invite(team, listLines(4, 'place'));
  expect(
    value.results.map(({ error }: { error: { code: string } | null }) => error?.code ?? null),
  ).toEqual([null, null, 'LIMIT_REACHED', 'LIMIT_REACHED']);
  expect((await inviteOne(team, 'place-0@people.example')).code).toBeNull();
  expect((await inviteOne(team, 'place-2@people.example')).code).toBe('LIMIT_REACHED');
  await app.owner.query(
    `update invitations set expires_at = now() - interval '1 second'
     where tenant_id = $1 and email = 'place-1@people.example'`,
    [team.tenantUuid],
  );
  expect((await inviteOne(team, 'place-2@people.example')).code).toBeNull();
  expect((await inviteOne(team, 'place-1@people.example')).code).toBe('LIMIT_REACHED');
  const { data } = await team.owner.ask(
    'query ($id: ID!) { tenant(id: $id) { usage { members pendingInvitations } } }',
    { variables: { id: team.tenantId } },
  );
  expect(data.tenant.usage).toEqual({ members: 1, pendingInvitations: 2 });
});

test('a pause does not end where no place is left', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const setActive = async (isActive: boolean) => {
    const { data } = await team.owner.ask(
      `mutation ($id: ID!, $isActive: Boolean!) {
        updateMembership(input: { membershipId: $id, isActive: $isActive }) {
          ... on Error { code } } }`,
      { variables: { id: member.membershipId, isActive } },
    );
    return data.updateMembership.code ?? null;
  };
  expect(await setActive(false)).toBeNull();
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 1 });
  expect(await setActive(true)).toBe('LIMIT_REACHED');
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 2 });
  expect(await setActive(true)).toBeNull();
  // Active already: takes no further place.
  expect(await setActive(true)).toBeNull();
});

test('five mails a day go to one address of a tenant, however they are asked for', async () => {
  const team = await createTeam(app);
  const email = 'patient@people.example';
  let { id } = await inviteOne(team, email);
  expect(
    (await sendInvitation(team.owner.ask, 'resendInvitation', { invitationId: id })).code,
  ).toBeNull();
  await sendInvitation(team.owner.ask, 'revokeInvitation', { invitationId: id });
  for (let sent = 2; sent < 5; sent += 1) ({ id } = await inviteOne(team, email));
  expect((await inviteOne(team, email)).code).toBe('RATE_LIMITED');
  const again = await sendInvitation(team.owner.ask, 'resendInvitation', { invitationId: id });
  expect(again.code).toBe('RATE_LIMITED');
  expect(await readMails(app, email)).toHaveLength(5);
  expect((await inviteOne(await createTeam(app), email)).code).toBeNull();
  await app.owner.query(
    `update sign_in_budgets set window_started_at = window_started_at - interval '1 day'
     where bucket like 'invitations:' || $1 || '%'`,
    [team.tenantUuid],
  );
  expect((await inviteOne(team, email)).code).toBeNull();
});

test('a tenant sends only so many invitations in a day', async () => {
  const small = await startTestApp({ INVITATIONS_PER_DAY_MAX: '3' });
  try {
    const team = await createTeam(small);
    const { value } = await invite(team, listLines(5, 'spam'));
    const codes = value.results.map(
      ({ error }: { error: { code: string } | null }) => error?.code ?? null,
    );
    expect(codes).toEqual([null, null, null, 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(value.results[4].error.retryAfterSeconds).toBeGreaterThan(0);
    expect((await inviteOne(team, 'spam-9@people.example')).code).toBe('RATE_LIMITED');
    expect((await inviteOne(await createTeam(small), 'spam-9@people.example')).code).toBeNull();
  } finally {
    await small.close();
  }
});

test('a page of 25 invitations with tenant, roles and inviter takes as many statements as a page of one', async () => {
  const team = await createTeam(app);
  const manager = await createMember(app, team, 'admin');
  await invite(team, listLines(13, 'left'));
  await invite(team, listLines(12, 'right'), manager.ask);
  const ask = (first: number) =>
    listStatementsOf(app, async () => {
      const { data, errors } = await manager.ask(
        `query ($id: ID!, $first: Int) { tenant(id: $id) { invitations(first: $first) { edges { node {
          id email status tenant { name } roles { key } invitedBy { email } } } } } }`,
        { variables: { id: team.tenantId, first } },
      );
      expect(errors).toBeUndefined();
      expect(data.tenant.invitations.edges).toHaveLength(first);
    });
  const texts = (await ask(25)).filter((text) => !/enter_scope|touch_sessions/.test(text));
  // The session check, the access, the page, and who invited.
  expect(texts).toHaveLength(4);
});

test('the list is paged newest first, from both ends', async () => {
  const team = await createTeam(app);
  for (const name of ['a', 'b', 'c']) await inviteOne(team, `${name}@paged.example`);
  const page = async (args: string) => {
    const { data } = await team.owner.ask(
      `query ($id: ID!) { tenant(id: $id) { invitations(${args}) {
        totalCount edges { cursor node { email } } pageInfo { hasNextPage hasPreviousPage } } } }`,
      { variables: { id: team.tenantId } },
    );
    return data.tenant.invitations;
  };
  const first = await page('first: 2');
  const emails = (list: { edges: { node: { email: string } }[] }) =>
    list.edges.map(({ node }) => node.email);
  expect([emails(first), first.totalCount]).toEqual([['c@paged.example', 'b@paged.example'], 3]);
  const cursor = JSON.stringify(first.edges[1].cursor);
  expect(emails(await page(`first: 2, after: ${cursor}`))).toEqual(['a@paged.example']);
  expect(emails(await page(`last: 1, before: ${cursor}`))).toEqual(['c@paged.example']);
  expect(emails(await page('last: 1'))).toEqual(['a@paged.example']);
});

test('names in the mail can neither carry a link nor break a line, and the link is ours', async () => {
  const team = await createTeam(app);
  await createVerified(app);
  await app.owner.query('update tenants set name = $2 where id = $1', [
    team.tenantUuid,
    'Win at https://evil.example/now\r\nBcc: all',
  ]);
  await app.owner.query('update users set name = $2 where id = $1', [
    team.owner.userUuid,
    'Bank <a href="//evil.example">',
  ]);
  await inviteOne(team, 'target@people.example');
  const [mail] = await readMails(app, 'target@people.example');
  expect(mail?.subject).toBe('Invitation to join Win at https evil example now Bcc all');
  expect(mail?.text).not.toMatch(/evil\.example|<|\r/);
  expect(mail?.text.match(/https?:\/\/\S+/g)).toEqual([
    expect.stringMatching(/^http:\/\/localhost:0\/dev\/invitation#token=tenantry_invite_\w{49}$/),
  ]);
});
