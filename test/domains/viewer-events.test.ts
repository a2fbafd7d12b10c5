import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession, send } from '../support/credentials.ts';
import { deletionOf, manage } from '../support/life-cycle.ts';
import { updateMembership } from '../support/mutate.ts';
import {
  addMember,
  createMember,
  createPerson,
  createTeam,
  type Person,
} from '../support/people.ts';
import { type Followed, follow } from '../support/streams.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two-processes.ts';

// Everything is done in one process and followed in another.

let processes: TwoProcesses;
beforeAll(async () => {
  processes = await startTwoProcesses();
});
afterAll(() => processes.close());

const subscription = 'subscription { viewerEvents { type at subject { __typename id } } }';

function followThere({ token }: { token: string }): Promise<Followed> {
  return follow(processes.there.url, subscription, { token });
}

const nextOf = async (stream: Followed) => (await stream.next())?.data?.viewerEvents;

const removeMember = ({ ask }: Person, membershipId: string) =>
  ask('mutation ($id: ID!) { removeMember(input: { membershipId: $id }) { __typename } }', {
    variables: { id: membershipId },
  });

test('a person hears of changes of its memberships, each once, in order', async () => {
  const { here } = processes;
  const team = await createTeam(here);
  const member = await createMember(here, team, 'member');
  const stream = await followThere(member);
  const change = (changes: object) =>
    updateMembership(team.owner.ask, member.membershipId, changes);
  await change({ roleKeys: ['viewer'] });
  await change({ isActive: false });
  await change({ isActive: true, roleKeys: ['member'] });
  await removeMember(team.owner, member.membershipId);
  const subject = { __typename: 'Membership', id: member.membershipId };
  const events = [];
  for (let index = 0; index < 5; index += 1) events.push(await nextOf(stream));
  expect(events.map(({ type }) => type)).toEqual([
    'roles.changed',
    'membership.suspended',
    'roles.changed',
    'membership.resumed',
    'membership.removed',
  ]);
  expect([subject, null]).toContainEqual(events[0].subject);
  expect(events[4].subject).toBeNull();
  await stream.leave();
});

test('a person hears of its sessions that end, no matter who ended them, and of no other person’s', async () => {
  const { here } = processes;
  const team = await createTeam(here);
  const person = await createMember(here, team, 'member');
  const other = await createMember(here, team, 'member');
  const phone = await openSession(here, person);
  const bound = await openSession(here, person, team.slug);
  const stream = await followThere(person);
  await send(other.ask, 'revokeSessions');
  await send(other.ask, 'signOut');
  await send(person.ask, 'revokeSession', { sessionId: phone.id });
  await send(team.owner.ask, 'revokeSession', { sessionId: bound.id });
  expect(await nextOf(stream)).toMatchObject({ type: 'session.revoked', subject: null });
  expect(await nextOf(stream)).toMatchObject({ type: 'session.revoked', subject: null });
  await updateMembership(team.owner.ask, person.membershipId, { roleKeys: ['viewer'] });
  expect(await nextOf(stream)).toMatchObject({ type: 'roles.changed' });
  await stream.leave();
});

test('a person hears that it has a new tenant, or owns one', async () => {
  const { here } = processes;
  const person = await createPerson(here);
  const team = await createTeam(here);
  await addMember(here, team, person, 'member');
  const stream = await followThere(person);
  const { data } = await person.ask(
    'mutation { createTenant(input: { name: "Mine" }) { ... on CreateTenantSuccess { tenant { id } } } }',
  );
  expect(await nextOf(stream)).toMatchObject({
    type: 'membership.added',
    subject: { id: data.createTenant.tenant.id },
  });
  await manage(team.owner.ask, 'transferOwnership', {
    tenantId: team.tenantId,
    toUserId: person.userId,
  });
  expect(await nextOf(stream)).toMatchObject({
    type: 'roles.changed',
    subject: { id: team.tenantId },
  });
  await stream.leave();
});

test('a session that is bound to one tenant hears of nothing in others', async () => {
  const { here } = processes;
  const [home, other] = [await createTeam(here), await createTeam(here)];
  const person = await createMember(here, home, 'member');
  const elsewhere = await addMember(here, other, person, 'member');
  const stream = await followThere(await openSession(here, person, home.slug));
  await updateMembership(other.owner.ask, elsewhere, { roleKeys: ['viewer'] });
  await removeMember(other.owner, elsewhere);
  await updateMembership(home.owner.ask, person.membershipId, { roleKeys: ['viewer'] });
  expect(await nextOf(stream)).toMatchObject({ type: 'roles.changed' });
  await updateMembership(home.owner.ask, person.membershipId, { roleKeys: ['admin'] });
  expect(await nextOf(stream)).toMatchObject({
    type: 'roles.changed',
    subject: { id: person.membershipId },
  });
  await stream.leave();
});

test('what happened before the stream began, or to the tenant alone, is not told', async () => {
  const { here } = processes;
  const team = await createTeam(here);
  const person = await createMember(here, team, 'member');
  await updateMembership(team.owner.ask, person.membershipId, { roleKeys: ['viewer'] });
  const stream = await followThere(person);
  await manage(team.owner.ask, 'updateTenant', { tenantId: team.tenantId, name: 'Renamed' });
  await manage(team.owner.ask, 'deleteTenant', deletionOf(team));
  await manage(team.owner.ask, 'restoreTenant', { tenantId: team.tenantId });
  await updateMembership(team.owner.ask, person.membershipId, { isActive: false });
  expect(await nextOf(stream)).toMatchObject({ type: 'membership.suspended' });
  await stream.leave();
});

test('anonymous callers have no such stream', async () => {
  const stream = await follow(processes.there.url, subscription);
  const [rejection] = await stream.rest();
  expect(rejection?.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});
