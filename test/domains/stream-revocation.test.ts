import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OpenSession, openSession, send } from '../support/credentials.ts';
import { manage } from '../support/life-cycle.ts';
import { updateMembership } from '../support/mutate.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
  toUuid,
} from '../support/people.ts';
import { type Followed, follow } from '../support/streams.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// The streams are open in another process than the one that takes the right away. What happens after
// the answer that it is taken must not be delivered any more.

let processes: TwoProcesses;
let admin: Person;
beforeAll(async () => {
  processes = await startTwoProcesses();
  admin = await createPlatformAdmin(processes.here);
});
afterAll(() => processes.close());

let team: Team;
let auditor: Person & { membershipId: string };
let session: OpenSession;
beforeEach(async () => {
  const { here } = processes;
  team = await createTeam(here);
  auditor = await createMember(here, team, 'admin');
  session = await openSession(here, auditor);
});

const auditEvents = 'subscription ($id: ID!) { auditEvents(tenantId: $id) { action changes } }';
const viewerEvents = 'subscription { viewerEvents { type } }';

const followAuditLogThere = ({ token }: { token: string }, { tenantId } = team) =>
  follow(processes.there.url, auditEvents, { token, variables: { id: tenantId } });
const followViewerThere = ({ token }: { token: string }) =>
  follow(processes.there.url, viewerEvents, { token });

/** Something happens in the tenant that a living stream would report. */
const rename = (name: string) =>
  manage(admin.ask, 'updateTenant', { tenantId: team.tenantId, name });

/** The stream lives before `work`, and after it ends with the code, having notified of nothing later. */
async function expectEnd(stream: Followed, code: string, work: () => Promise<unknown>) {
  await rename('Before');
  expect(await stream.next()).toMatchObject({
    data: { auditEvents: { action: 'tenant.updated' } },
  });
  const outcome = await work();
  expect((outcome as { code?: string | null } | undefined)?.code ?? null).toBeNull();
  await rename('Too late');
  const rest = await stream.rest();
  expect(rest.at(-1)?.errors?.[0]?.extensions.code).toBe(code);
  expect(JSON.stringify(rest)).not.toContain('Too late');
}

/** Runs SQL here; what the database holds counts, no matter who wrote it. */
const sql =
  (text: string, ...values: unknown[]) =>
  () =>
    processes.here.owner.query(text, values).then(() => undefined);

describe('the stream of an audit log ends', () => {
  const causes: [cause: string, code: string, work: () => Promise<unknown>][] = [
    [
      'after its session was revoked',
      'UNAUTHENTICATED',
      () => send(auditor.ask, 'revokeSession', { sessionId: session.id }),
    ],
    ['after its user signed out', 'UNAUTHENTICATED', () => send(session.ask, 'signOut')],
    [
      'after the password was changed',
      'UNAUTHENTICATED',
      () =>
        send(auditor.ask, 'changePassword', {
          currentPassword: auditor.password,
          newPassword: 'quite another secret of nobody',
        }),
    ],
    [
      'after its session expired',
      'UNAUTHENTICATED',
      () => sql('update sessions set expires_at = now() where id = $1', session.uuid)(),
    ],
    [
      'after its session was idle for too long: a stream is no use of it',
      'UNAUTHENTICATED',
      () =>
        sql(
          `update sessions set last_seen_at = now() - make_interval(secs => idle_timeout_seconds)
           where id = $1`,
          session.uuid,
        )(),
    ],
    [
      'after its user was suspended',
      'UNAUTHENTICATED',
      () => manage(admin.ask, 'suspendUser', { userId: auditor.userId }),
    ],
    [
      'after its user was erased',
      'UNAUTHENTICATED',
      () => manage(admin.ask, 'eraseUser', { userId: auditor.userId }),
    ],
    [
      'after the tenant was suspended',
      'NOT_FOUND',
      () => manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId }),
    ],
    [
      'after the membership was suspended',
      'NOT_FOUND',
      () => updateMembership(team.owner.ask, auditor.membershipId, { isActive: false }),
    ],
    [
      'after the membership was removed',
      'NOT_FOUND',
      () =>
        team.owner.ask(
          'mutation ($id: ID!) { removeMember(input: { membershipId: $id }) { __typename } }',
          { variables: { id: auditor.membershipId } },
        ),
    ],
    [
      'after the role that lets read it was taken',
      'FORBIDDEN',
      () => updateMembership(team.owner.ask, auditor.membershipId, { roleKeys: ['member'] }),
    ],
    [
      'after the role itself lost the permission',
      'FORBIDDEN',
      sql(`update roles set permissions = '{tenant:read}' where key = 'admin'`),
    ],
  ];

  test.each(causes)('%s', async (_cause, code, work) => {
    const stream = await followAuditLogThere(session);
    const other = await followAuditLogThere(team.owner);
    await expectEnd(stream, code, work);
    // The stream of somebody else in the same tenant reports it all, as long as there is a tenant.
    if (!_cause.includes('tenant was')) {
      const told = [];
      while (!JSON.stringify(told).includes('Too late')) told.push(await other.next());
    }
    await other.leave();
    await sql(
      `update roles r set permissions = b.permissions from built_in_roles b
       where b.key = r.key and r.is_built_in`,
    )();
  });

  test('after a platform administrator is none any more', async () => {
    const helper = await createPlatformAdmin(processes.here);
    const stream = await followAuditLogThere(helper);
    await expectEnd(
      stream,
      'NOT_FOUND',
      sql('update users set is_platform_admin = false where id = $1', helper.userUuid),
    );
  });

  test('where it is bound to a tenant, after the membership there is gone', async () => {
    const bound = await openSession(processes.here, auditor, team.slug);
    await expectEnd(await followAuditLogThere(bound), 'UNAUTHENTICATED', () =>
      updateMembership(team.owner.ask, auditor.membershipId, { isActive: false }),
    );
  });
});

describe('the stream of a viewer', () => {
  test('ends after its session was revoked, having notified of nothing later', async () => {
    const stream = await followViewerThere(session);
    await send(auditor.ask, 'revokeSession', { sessionId: session.id });
    await updateMembership(team.owner.ask, auditor.membershipId, { roleKeys: ['member'] });
    const rest = await stream.rest();
    expect(rest.at(-1)?.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(JSON.stringify(rest)).not.toContain('roles.changed');
  });

  test('of somebody else goes on', async () => {
    const other = await createMember(processes.here, team, 'member');
    const stream = await followViewerThere(other);
    await send(auditor.ask, 'revokeSession', { sessionId: session.id });
    await updateMembership(team.owner.ask, other.membershipId, { roleKeys: ['viewer'] });
    expect(await stream.next()).toEqual({ data: { viewerEvents: { type: 'roles.changed' } } });
    await stream.leave();
  });
});

test('nobody opens a stream with a credential that is dead already', async () => {
  const stranger = await createPerson(processes.here);
  await send(stranger.ask, 'signOut');
  for (const stream of [await followAuditLogThere(stranger), await followViewerThere(stranger)]) {
    const [rejection] = await stream.rest();
    expect(rejection?.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  }
  expect(toUuid(stranger.userId)).toBe(stranger.userUuid);
});
