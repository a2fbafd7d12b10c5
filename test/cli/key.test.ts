import { afterAll, beforeAll, expect, test } from 'vitest';
import { addMember, createMember, createPerson, createTeam } from '../support/people.ts';
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

const listMembers = async (token: string, tenantId: string) => {
  const { data, errors } = await app.ask(
    'query ($id: ID!) { tenant(id: $id) { memberships { edges { node { id } } } } }',
    { token, variables: { id: tenantId } },
  );
  return errors ? errors[0]?.extensions.code : data.tenant?.memberships.edges.length;
};

test('a key is printed once, works, is listed without its secret, and is invalid once revoked', async () => {
  const team = await createTeam(app);
  const args = ['--tenant', team.slug, '--name', 'CI', '--permission', 'members:read'];
  const created = await app.run('key', 'create', ...args, '--days', '30');
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S{40,}\n$/) });
  const secret = created.stdout.trim();
  expect(created.stderr).toContain(team.owner.email);
  expect(created.stderr).not.toContain(secret);
  expect(await listMembers(secret, team.tenantId)).toBe(1);
  const [key] = await app.runLines('key', 'list', '--tenant', team.tenantId);
  expect(key).toMatchObject({
    name: 'CI',
    tenant: { slug: team.slug },
    createdBy: { id: team.owner.userId, email: team.owner.email },
    permissions: ['members:read'],
    effectivePermissions: ['members:read'],
    revokedAt: null,
  });
  expect(JSON.stringify(key)).not.toContain(secret);
  const days = (Date.parse(key.expiresAt) - Date.parse(key.createdAt)) / 86_400_000;
  expect(days).toBeCloseTo(30, 1);
  expect(await app.run('key', 'revoke', key.id)).toEqual(
    rejection(2, 'There is no terminal to confirm this at: give --yes.'),
  );
  expect(await listMembers(secret, team.tenantId)).toBe(1);
  const revoked = await app.runJson('key', 'revoke', key.id, '--yes');
  expect(revoked).toMatchObject({ id: key.id, effectivePermissions: [] });
  expect(revoked.revokedAt).not.toBeNull();
  expect(await listMembers(secret, team.tenantId)).not.toBe(1);
  const events = await listOperatorEvents(app, team.tenantUuid);
  expect(events.map(({ action }) => action)).toEqual(['api_key.created', 'api_key.revoked']);
  expect(JSON.stringify(events)).not.toContain(secret);
});

test('a key has at most the permissions of its creator, who must be named if ambiguous', async () => {
  const team = await createTeam(app);
  const viewer = await createMember(app, team, 'viewer');
  const stranger = await createPerson(app);
  const create = (permission: string, ...creator: string[]) =>
    app.run(
      ...['key', 'create', '--tenant', team.slug, '--name', 'CI', '--permission', permission],
      ...creator,
    );
  expect(await create('members:read', '--creator', viewer.email)).toEqual(
    rejection(
      1,
      '--permission: The key cannot have "members:read", which its creator does not have.',
    ),
  );
  expect(await create('tenant:read', '--creator', stranger.email)).toMatchObject({ code: 1 });
  expect(await create('no:such')).toEqual(
    rejection(1, '--permission: This permission does not exist.'),
  );
  await addMember(app, team, stranger, 'owner');
  expect(await create('tenant:read')).toEqual(
    rejection(
      1,
      'This tenant does not have exactly one active owner: name the creator with --creator.',
    ),
  );
  expect(await app.runLines('key', 'list', '--tenant', team.slug)).toEqual([]);
  expect(await listOperatorEvents(app, team.tenantUuid)).toEqual([]);
  expect(await create('tenant:read', '--creator', viewer.email)).toMatchObject({ code: 0 });
});

test('a made-up id does not find a key', async () => {
  const [team, other] = [await createTeam(app), await createTeam(app)];
  const { apiKey } = await app.runJson(
    ...['key', 'create', '--tenant', team.slug, '--name', 'CI', '--permission', 'tenant:read'],
  );
  const inOther = apiKey.id.slice(0, -32) + other.tenantUuid.replaceAll('-', '');
  for (const id of [inOther, 'key_1', team.tenantId]) {
    expect(await app.run('key', 'revoke', id, '--yes')).toEqual(
      rejection(1, 'This API key does not exist or is not visible to you.'),
    );
  }
  const [key] = await app.runLines('key', 'list', '--tenant', team.slug);
  expect(key.revokedAt).toBeNull();
});
