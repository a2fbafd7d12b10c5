import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemberWith, createProgram, type Program, sendKey } from '../support/api-keys.ts';
import { send } from '../support/credentials.ts';
import { impersonate } from '../support/impersonation.ts';
import { manage } from '../support/life-cycle.ts';
import { updateMembership } from '../support/mutate.ts';
import { createPlatformAdmin, createTeam, type Person, type Team } from '../support/people.ts';
import { type Followed, follow } from '../support/streams.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// As in stream-revocation.test.ts, for programs with an API key and for administrators in somebody's name.

let processes: TwoProcesses;
let admin: Person;
beforeAll(async () => {
  processes = await startTwoProcesses();
  admin = await createPlatformAdmin(processes.here);
});
afterAll(() => processes.close());

let team: Team;
let maker: Person & { membershipId: string };
let program: Program;
beforeEach(async () => {
  const { here } = processes;
  team = await createTeam(here);
  maker = await createMemberWith(here, team, 'tenant:read', 'audit:read', 'api-keys:manage');
  program = await createProgram(here, maker, team, 'audit:read');
});

const followThere = ({ token }: { token: string }, { tenantId } = team) =>
  follow(
    processes.there.url,
    'subscription ($id: ID!) { auditEvents(tenantId: $id) { action changes } }',
    { token, variables: { id: tenantId } },
  );

const rename = (name: string) =>
  manage(admin.ask, 'updateTenant', { tenantId: team.tenantId, name });
const sql = (text: string, ...values: unknown[]) => processes.here.owner.query(text, values);

/** The stream lives before `work`, and after it ends with the code, having notified of nothing later. */
async function expectEnd(stream: Followed, code: string, work: () => Promise<unknown>) {
  await rename('Before');
  expect(await stream.next()).toMatchObject({
    data: { auditEvents: { action: 'tenant.updated' } },
  });
  const outcome = await work();
  expect((outcome as { code?: string | null }).code ?? null).toBeNull();
  await rename('Too late');
  const rest = await stream.rest();
  expect(rest.at(-1)?.errors?.[0]?.extensions.code).toBe(code);
  expect(JSON.stringify(rest)).not.toContain('Too late');
}

describe('the stream of an API key ends', () => {
  const causes: [cause: string, code: string, work: () => Promise<unknown>][] = [
    [
      'after the key was revoked',
      'UNAUTHENTICATED',
      () => sendKey(maker.ask, 'revokeApiKey', { apiKeyId: program.id }),
    ],
    [
      'after the key was rotated without overlap',
      'UNAUTHENTICATED',
      () => sendKey(maker.ask, 'rotateApiKey', { apiKeyId: program.id, overlapSeconds: 0 }),
    ],
    [
      'after the key expired',
      'UNAUTHENTICATED',
      () => sql('update api_keys set expires_at = now() where tenant_id = $1', team.tenantUuid),
    ],
    [
      'after its creator lost the right to read the audit log',
      'FORBIDDEN',
      () => updateMembership(team.owner.ask, maker.membershipId, { roleKeys: ['member'] }),
    ],
    [
      'after its creator was suspended',
      'UNAUTHENTICATED',
      () => manage(admin.ask, 'suspendUser', { userId: maker.userId }),
    ],
    [
      'after the tenant was suspended',
      'UNAUTHENTICATED',
      () => manage(admin.ask, 'suspendTenant', { tenantId: team.tenantId }),
    ],
  ];

  test.each(causes)('%s', async (_cause, code, work) => {
    await expectEnd(await followThere(program), code, work);
  });

  test('before it has begun, in another tenant and without the permission', async () => {
    const other = await createTeam(processes.here);
    const [foreign] = await (await followThere(program, other)).rest();
    expect(foreign?.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const reader = await createProgram(processes.here, maker, team, 'tenant:read');
    const [refused] = await (await followThere(reader)).rest();
    expect(refused?.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('the stream of an administrator in somebody’s name ends', () => {
  const causes: [cause: string, work: (session: string) => Promise<unknown>][] = [
    ['after the session was ended', (id) => send(admin.ask, 'revokeSession', { sessionId: id })],
    [
      'after the administrator is none any more',
      () => sql('update users set is_platform_admin = false where id = $1', admin.userUuid),
    ],
    [
      'after the hour is over',
      () =>
        sql('update sessions set expires_at = now() where impersonator_id = $1', admin.userUuid),
    ],
  ];

  test.each(causes)('%s', async (_cause, work) => {
    const session = await impersonate(processes.here, admin, maker);
    const stream = await followThere(session);
    // Not by the administrator, who may be none by then.
    const renameAs = (name: string) =>
      manage(team.owner.ask, 'updateTenant', { tenantId: team.tenantId, name });
    await renameAs('Before');
    expect(await stream.next()).toMatchObject({ data: { auditEvents: { changes: {} } } });
    await work(session.id);
    await renameAs('Too late');
    const rest = await stream.rest();
    expect(rest.at(-1)?.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(JSON.stringify(rest)).not.toContain('Too late');
    await sql('update users set is_platform_admin = true where id = $1', admin.userUuid);
  });
});
