import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { followChanges } from '../../src/db/invalidation.ts';
import { silentLog } from '../../src/lib/log.ts';
import {
  createProgram,
  isKeyValid,
  type Program,
  sendKey,
  toProgram,
} from '../support/api-keys.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { isValid, type OpenSession, openSession, send } from '../support/credentials.ts';
import { manage } from '../support/life-cycle.ts';
import { mutate, type Outcome, updateMembership } from '../support/mutate.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// The longest lifetime that can be set, so that an entry that is gone earlier was invalidated.
const longest = { CREDENTIAL_CACHE_MS: '5000' };

let processes: TwoProcesses;
let here: TestApp;
let admin: Person;
beforeAll(async () => {
  processes = await startTwoProcesses(longest);
  here = processes.here;
  admin = await createPlatformAdmin(here);
  await waitUntil(async () => !(await queriesDatabase(here, admin)));
});
afterAll(() => processes.close());

let team: Team;
let member: Person & { membershipId: string };
let session: OpenSession;
let program: Program;
beforeEach(async () => {
  team = await createTeam(here);
  member = await createMember(here, team, 'admin');
  session = await openSession(here, member);
  program = await createProgram(here, member, team, 'tenant:read');
});

/** Returns whether the server queries the database to check the session. */
async function queriesDatabase(app: TestApp, person: Pick<Person, 'ask'>): Promise<boolean> {
  await person.ask('{ viewer { session { id } } }');
  app.statements.length = 0;
  await person.ask('{ viewer { session { id } } }');
  return app.statements.some((text) => text.includes('find_live_sessions'));
}

async function listPermissions({ ask, token }: OpenSession): Promise<string[] | null> {
  const { data } = await ask(
    `query ($token: String!, $tenantId: ID!) {
      verifySession(token: $token, tenantId: $tenantId) { valid permissions } }`,
    { variables: { token, tenantId: team.tenantId } },
  );
  return data.verifySession.valid ? data.verifySession.permissions : null;
}

describe('the cache of credentials', () => {
  test('saves the query for a valid session', async () => {
    expect(await queriesDatabase(here, session)).toBe(false);
  });

  test('saves the query for a valid API key', async () => {
    await isKeyValid(program);
    here.statements.length = 0;
    expect(await isKeyValid(program)).toBe(true);
    expect(here.statements.filter((text) => text.includes('find_live_api_keys'))).toEqual([]);
  });

  test('never holds an invalid session, which may become valid', async () => {
    await here.owner.query('update sessions set expires_at = now() where id = $1', [session.uuid]);
    await waitUntil(async () => !(await isValid(session)));
    await here.owner.query(
      `update sessions set expires_at = now() + interval '1 day' where id = $1`,
      [session.uuid],
    );
    expect(await isValid(session)).toBe(true);
  });

  test('is off when its lifetime is set to zero', async () => {
    const uncached = await startTestApp({ CREDENTIAL_CACHE_MS: '0' });
    try {
      expect(await queriesDatabase(uncached, await createPerson(uncached))).toBe(true);
    } finally {
      await uncached.close();
    }
  });
});

const endings: [event: string, end: () => Promise<Outcome>][] = [
  ['the session was signed out', () => send(session.ask, 'signOut')],
  ['it was revoked', () => send(member.ask, 'revokeSession', { sessionId: session.id })],
  ['all others were revoked', () => send(member.ask, 'revokeSessions')],
  ['the password was changed', changePassword],
  ['the user was suspended', () => manage(admin.ask, 'suspendUser', { userId: member.userId })],
  ['the user was erased', () => manage(member.ask, 'eraseUser', { userId: member.userId })],
];

describe('a session is rejected', () => {
  test.each(endings)('by the same process on the next request after %s', async (_event, end) => {
    expect(await isValid(session)).toBe(true);
    expect((await end()).code).toBeNull();
    expect(await isValid(session)).toBe(false);
  });

  test.each(endings)(
    'by another process that has made a change since, after %s',
    async (_event, end) => {
      expect(await processes.isValidThere(session)).toBe(true);
      expect((await end()).code).toBeNull();
      await makeChangeThere();
      expect(await processes.isValidThere(session)).toBe(false);
    },
  );
});

describe('a permission is gone on the next request', () => {
  test.each<[event: string, change: () => Promise<Outcome>]>([
    ['the membership was paused', () => pause(false)],
    ['the member was removed', removeMember],
    [
      'the tenant was suspended',
      () => manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId }),
    ],
  ])('after %s', async (_event, change) => {
    expect(await listPermissions(session)).toContain('members:read');
    expect((await change()).code).toBeNull();
    expect(await listPermissions(session)).toBeNull();
    expect(await isKeyValid(program)).toBe(false);
  });

  test('after the role was taken away', async () => {
    expect(await listPermissions(session)).toContain('members:invite');
    const roleKeys = ['viewer'];
    const { code } = await updateMembership(team.owner.ask, member.membershipId, { roleKeys });
    expect(code).toBeNull();
    expect(await listPermissions(session)).not.toContain('members:invite');
  });
});

describe('an API key is rejected on the next request', () => {
  test.each<[event: string, end: () => Promise<Outcome>]>([
    ['it was revoked', () => sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: program.id })],
    ['it was rotated', () => sendKey(team.owner.ask, 'rotateApiKey', { apiKeyId: program.id })],
    ['its creator was paused', () => pause(false)],
    [
      'its creator was suspended',
      () => manage(admin.ask, 'suspendUser', { userId: member.userId }),
    ],
  ])('after %s', async (_event, end) => {
    expect(await isKeyValid(program)).toBe(true);
    expect((await end()).code).toBeNull();
    expect(await isKeyValid(program)).toBe(false);
  });

  test('after it was revoked, also by another process that has made a change since', async () => {
    const there = toProgram(processes.there, { secret: program.token, apiKey: program });
    expect(await isKeyValid(there)).toBe(true);
    await sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: program.id });
    await makeChangeThere();
    expect(await isKeyValid(there)).toBe(false);
  });
});

test('a user sees a change of their profile on the next request', async () => {
  await session.ask('{ viewer { user { name } } }');
  await mutate(session.ask, 'updateProfile', { name: 'A New Name' });
  const { data } = await session.ask('{ viewer { user { name } } }');
  expect(data.viewer.user.name).toBe('A New Name');
});

describe('the invalidation listener', () => {
  test('can be closed before it has connected', async () => {
    const changes = followChanges({
      url: here.appUrl,
      onChange: () => undefined,
      log: silentLog,
    });
    await changes.close();
    expect(changes.isHeard()).toBe(false);
  });

  test('empties the cache when disconnected, and keeps it empty until connected again', async () => {
    const app = await startTestApp(longest);
    try {
      const person = await createPerson(app);
      await waitUntil(async () => !(await queriesDatabase(app, person)));
      const { username } = new URL(app.appUrl);
      const { rows } = await app.owner.query<{ name: string }>('select current_database() as name');
      // The connection of the listener is closed, and no new one can be opened.
      await app.owner.query(`revoke connect on database ${rows[0]?.name} from public, ${username}`);
      await app.owner.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'tenantry changes' and datname = current_database()`,
      );
      await waitUntil(() => queriesDatabase(app, person));
      await app.owner.query(`grant connect on database ${rows[0]?.name} to public`);
      await waitUntil(async () => !(await queriesDatabase(app, person)));
    } finally {
      await app.close();
    }
  });
});

function changePassword() {
  const { password } = member;
  return send(member.ask, 'changePassword', {
    currentPassword: password,
    newPassword: 'quite another sentence to know',
  });
}

const pause = (isActive: boolean) =>
  updateMembership(team.owner.ask, member.membershipId, { isActive });

function removeMember() {
  return mutate(team.owner.ask, 'removeMember', { membershipId: member.membershipId });
}

/** A change of its own makes the other process apply the invalidations committed before it. */
async function makeChangeThere(): Promise<void> {
  await createTeam(processes.there);
}
