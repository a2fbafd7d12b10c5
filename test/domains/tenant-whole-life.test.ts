import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram, sendKey } from '../support/api-keys.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Ask } from '../support/cast.ts';
import { impersonate } from '../support/impersonation.ts';
import { createPlatformAdmin, type Person, type Team, toUuid } from '../support/people.ts';
import { startTestMail, type TestMailServer } from '../support/smtp.ts';

// One tenant from its first day to its last, through the API alone and with real mail. What no API moves,
// the clock, is moved in the database.

let mail: TestMailServer;
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  mail = await startTestMail();
  app = await startTestApp({ SMTP_URL: mail.url, MAIL_FROM: 'Tenantry <mail@tenantry.example>' });
  admin = await createPlatformAdmin(app);
});
afterAll(async () => {
  await app.close();
  await mail.stop();
});

/** Sends a mutation that must succeed, and returns the fields of its success. */
async function act(ask: Ask, name: string, input: object | null, success: string) {
  const inputType = inputTypes[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const [declared, given] = input ? [`($input: ${inputType}!)`, '(input: $input)'] : ['', ''];
  const { data, errors } = await ask(
    `mutation ${declared} { ${name}${given} { __typename ${success} ... on Error { code message path } } }`,
    input ? { variables: { input } } : {},
  );
  const done = data?.[name];
  if (errors || done.code) throw new Error(`${name}: ${JSON.stringify(errors ?? done)}`);
  return done;
}

const inputTypes: Record<string, string> = {
  suspendTenant: 'TenantIdInput',
  resumeTenant: 'TenantIdInput',
  restoreTenant: 'TenantIdInput',
  eraseUser: 'UserIdInput',
  revokeInvitation: 'InvitationIdInput',
  revokeApiKey: 'ApiKeyIdInput',
  leaveTenant: 'TenantIdInput',
};

/** Signs up, and proves the address by the link that comes by mail. */
async function signUp(email: string, tenantName: string | null = null) {
  const password = 'a harbour without any wind';
  const input = { email, password, name: email.split('@', 1)[0], tenantName };
  const { token, user, tenant } = await act(
    app.ask,
    'signUp',
    input,
    '... on SignUpSuccess { token user { id } tenant { id slug } }',
  );
  const { token: proof } = await mail.waitForMail(email, /^Please confirm/);
  await act(app.ask, 'verifyEmail', { token: proof }, '');
  const ask: Ask = (query, options) => app.ask(query, { token, ...options });
  const person: Person = {
    email,
    password,
    token,
    ask,
    userId: user.id,
    userUuid: toUuid(user.id),
  };
  return { person, tenant };
}

const statusQuery = 'query ($id: ID!) { tenant(id: $id) { status viewerPermissions } }';

test('a tenant lives from its creation to its erasure, and its audit log names every step', async () => {
  const { person: owner, tenant } = await signUp('ada@acme.example', 'Acme');
  const { id: tenantId, slug } = tenant;
  const team: Team = { tenantId, tenantUuid: toUuid(tenantId), slug, owner };
  const look = (ask: Ask) => ask(statusQuery, { variables: { id: tenantId } });

  // People are invited by mail; one invitation is taken back.
  const { results } = await act(
    owner.ask,
    'inviteMembers',
    {
      tenantId,
      invitations: ['bob', 'carol', 'dave'].map((name) => ({
        email: `${name}@acme.example`,
        roleKeys: ['member'],
      })),
    },
    '... on InviteMembersSuccess { results { invitation { id } error { message } } }',
  );
  expect(results.map(({ error }: { error: object | null }) => error)).toEqual([null, null, null]);
  await act(owner.ask, 'revokeInvitation', { invitationId: results[2].invitation.id }, '');

  const join = async (name: string) => {
    const { token } = await mail.waitForMail(`${name}@acme.example`, /^Invitation to join/);
    const preview = await app.ask(
      'query ($token: String!) { invitation(token: $token) { tenantName } }',
      { variables: { token } },
    );
    expect(preview.data.invitation).toEqual({ tenantName: 'Acme' });
    const { person } = await signUp(`${name}@acme.example`);
    const { membership } = await act(
      person.ask,
      'acceptInvitation',
      { token },
      '... on AcceptInvitationSuccess { membership { id roles { key } } }',
    );
    expect(membership.roles).toEqual([{ key: 'member' }]);
    return { ...person, membershipId: membership.id as string };
  };
  const bob = await join('bob');
  const carol = await join('carol');

  // Roles change.
  await act(
    owner.ask,
    'createRole',
    { tenantId, key: 'deployer', name: 'Deployer', permissions: ['tenant:read', 'roles:read'] },
    '',
  );
  await act(
    owner.ask,
    'updateMembership',
    { membershipId: bob.membershipId, roleKeys: ['admin'] },
    '',
  );

  // A key is made, used, rotated and revoked.
  const program = await createProgram(app, owner, team, 'members:read');
  const readMembers = (ask: Ask) =>
    ask('query ($id: ID!) { tenant(id: $id) { memberships { totalCount } } }', {
      variables: { id: tenantId },
    });
  expect((await readMembers(program.ask)).data.tenant.memberships.totalCount).toBe(3);
  const { value } = await sendKey(owner.ask, 'rotateApiKey', { apiKeyId: program.id });
  const rotated: Ask = (query) => app.ask(query, { token: value.secret });
  const viewer = '{ viewer { apiKey { name } } }';
  expect((await program.ask(viewer)).data.viewer).toBeNull();
  expect((await rotated(viewer)).data.viewer.apiKey).not.toBeNull();
  await sendKey(owner.ask, 'revokeApiKey', { apiKeyId: value.apiKey.id });
  expect((await rotated(viewer)).data.viewer).toBeNull();

  // A platform administrator acts as Carol; Bob has himself erased.
  const acting = await impersonate(app, admin, carol, tenantId);
  await act(acting.ask, 'updateProfile', { name: 'Carol C.' }, '');
  await act(acting.ask, 'signOut', null, '');
  await act(bob.ask, 'eraseUser', { userId: bob.userId }, '');

  // Suspended, resumed, deleted, restored, deleted, erased.
  await act(admin.ask, 'suspendTenant', { tenantId }, '');
  expect((await look(carol.ask)).data.tenant).toEqual({
    status: 'SUSPENDED',
    viewerPermissions: [],
  });
  await act(admin.ask, 'resumeTenant', { tenantId }, '');
  expect((await look(carol.ask)).data.tenant.status).toBe('ACTIVE');
  await act(owner.ask, 'deleteTenant', { tenantId, confirmSlug: slug }, '');
  await act(owner.ask, 'restoreTenant', { tenantId }, '');
  expect((await look(carol.ask)).data.tenant.status).toBe('ACTIVE');
  await act(owner.ask, 'deleteTenant', { tenantId, confirmSlug: slug }, '');
  await app.owner.query('update tenants set deletion_at = now() where id = $1', [team.tenantUuid]);
  await act(admin.ask, 'cleanupExpiredData', null, '');
  expect((await look(owner.ask)).data.tenant).toBeNull();
  const { rows: left } = await app.owner.query('select from tenants where id = $1', [
    team.tenantUuid,
  ]);
  expect(left).toEqual([]);

  // The audit log is whole, names every step, and knows Bob by his id alone.
  const { rows: verdicts } = await app.owner.query('select * from verify_audit_chain($1)', [
    team.tenantUuid,
  ]);
  expect(verdicts).toEqual([expect.objectContaining({ broken_sequence: null, fault: null })]);
  const { rows: events } = await app.owner.query<{ action: string; text: string }>(
    `select action, to_jsonb(e)::text as text from audit_events e
     where chain_id = $1 order by sequence`,
    [team.tenantUuid],
  );
  expect(Number(verdicts[0].events)).toBe(events.length);
  expect(events.map(({ action }) => action)).toEqual(steps);
  expect(events.filter(({ text }) => text.includes('bob@acme.example'))).toEqual([]);
});

const steps = [
  'tenant.created',
  'invitation.created',
  'invitation.created',
  'invitation.created',
  'invitation.revoked',
  'invitation.accepted',
  'membership.created',
  'invitation.accepted',
  'membership.created',
  'role.created',
  'membership.updated',
  'api_key.created',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'session.impersonated',
  'session.closed',
  'membership.removed',
  'tenant.suspended',
  'tenant.resumed',
  'tenant.deletion_scheduled',
  'tenant.restored',
  'tenant.deletion_scheduled',
  'tenant.erased',
];
