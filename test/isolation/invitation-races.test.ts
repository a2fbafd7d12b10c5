import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ask } from '../support/cast.ts';
import { accept, createInvited, decline, invite, sendInvitation } from '../support/invitations.ts';
import { countRows, findChainViolation, manage } from '../support/life-cycle.ts';
import { createPlatformAdmin, createTeam, type Person, type Team } from '../support/people.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// Two processes, so that nothing in the memory of one can order the requests.

let both: TwoProcesses;
beforeAll(async () => {
  both = await startTwoProcesses();
});
afterAll(() => both.close());

/** The same person, sending requests to one of the two processes. */
function through({ ask, token }: Person, index: number): { ask: Ask } {
  if (index % 2 === 0) return { ask };
  return { ask: (query, options) => both.there.ask(query, { token, ...options }) };
}

const membersOf = ({ tenantUuid }: Team) =>
  countRows(both.here, 'user_tenants where tenant_id = $1', tenantUuid);

async function memberCountOf({ tenantUuid }: Team): Promise<number> {
  const { rows } = await both.here.owner.query('select member_count from tenants where id = $1', [
    tenantUuid,
  ]);
  return rows[0].member_count;
}

const isOneOf = (code: string | null, codes: (string | null)[]) => codes.includes(code);

const sixteen = Array.from({ length: 16 }, (_, index) => index);

test('sixteen concurrent acceptances create one membership', async () => {
  const team = await createTeam(both.here);
  const { person, token, invitationId } = await createInvited(both.here, team);
  const outcomes = await Promise.all(
    sixteen.map((index) =>
      accept(through(person, index), index % 4 < 2 ? { token } : { invitationId }),
    ),
  );
  const codes = outcomes.map(({ code }) => code);
  // On a busy machine a request may time out as UNAVAILABLE although another one succeeded.
  expect(codes.filter((code) => code === null).length).toBeLessThanOrEqual(1);
  expect(codes.filter((code) => !isOneOf(code, [null, 'NOT_FOUND', 'UNAVAILABLE']))).toEqual([]);
  expect((await accept(person, { token })).code).toBe('NOT_FOUND');
  expect([await membersOf(team), await memberCountOf(team)]).toEqual([2, 2]);
  const recorded = await countRows(
    both.here,
    `audit_events where chain_id = $1 and action = 'membership.created'`,
    team.tenantUuid,
  );
  expect(recorded).toBe(1);
  expect(await findChainViolation(both.here, team.tenantUuid)).toBeNull();
});

test('concurrent acceptances do not exceed the member limit', async () => {
  const team = await createTeam(both.here);
  const admin = await createPlatformAdmin(both.here);
  const invited = [];
  for (let made = 0; made < 8; made += 1) invited.push(await createInvited(both.here, team));
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 4 });
  const outcomes = await Promise.all(
    invited.map(({ person, token }, index) => accept(through(person, index), { token })),
  );
  expect(outcomes.filter(({ code }) => code === 'LIMIT_REACHED')).toHaveLength(5);
  expect([await membersOf(team), await memberCountOf(team)]).toEqual([4, 4]);
});

test('an invitation that is accepted, declined and revoked concurrently ends in exactly one state', async () => {
  for (let round = 0; round < 5; round += 1) {
    const team = await createTeam(both.here);
    const { person, token, invitationId } = await createInvited(both.here, team);
    const outcomes = await Promise.all([
      accept(through(person, 0), { token }),
      decline(through(person, 1), { token }),
      sendInvitation(through(team.owner, round).ask, 'revokeInvitation', { invitationId }),
    ]);
    expect(outcomes.filter(({ code }) => code === null)).toHaveLength(1);
    const [accepted] = outcomes;
    expect(await membersOf(team)).toBe(accepted?.code === null ? 2 : 1);
  }
});

test('an address that is invited eight times concurrently has one invitation', async () => {
  const team = await createTeam(both.here);
  const line = { email: 'wanted@people.example', roleKeys: ['member'] };
  const answers = await Promise.all(
    sixteen.slice(0, 8).map((index) => invite(team, [line], through(team.owner, index).ask)),
  );
  const codes = answers.map(({ value }) => value.results[0].error?.code ?? null);
  expect(codes.filter((code) => code === null)).toHaveLength(5);
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(3);
  expect(await countRows(both.here, 'invitations where tenant_id = $1', team.tenantUuid)).toBe(1);
});

test('concurrent invitations do not exceed the member limit', async () => {
  const team = await createTeam(both.here);
  const admin = await createPlatformAdmin(both.here);
  await manage(admin.ask, 'updateTenantLimits', { tenantId: team.tenantId, members: 4 });
  const answers = await Promise.all(
    sixteen.slice(0, 8).map((index) => {
      const line = { email: `guest-${index}@people.example`, roleKeys: ['member'] };
      return invite(team, [line], through(team.owner, index).ask);
    }),
  );
  const codes = answers.map(({ value }) => value.results[0].error?.code ?? null);
  expect(codes.filter((code) => code === 'LIMIT_REACHED')).toHaveLength(5);
  expect(await countRows(both.here, 'invitations where tenant_id = $1', team.tenantUuid)).toBe(3);
});
