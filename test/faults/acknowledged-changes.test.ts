import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram, isKeyValid, type Program, sendKey } from '../support/api-keys.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { waitUntil } from '../support/child.ts';
import { type CrashingCluster, startCrashingCluster } from '../support/crashing-cluster.ts';
import { send } from '../support/credentials.ts';
import { updateMembership } from '../support/mutate.ts';
import {
  createMember,
  createPerson,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

// All processes of PostgreSQL are killed as soon as a change is acknowledged. After the restart the change must
// still be there. Without synchronous_commit each of these tests fails within the first rounds.

const rounds = 20;

/** A change that revokes something, and a check that it is still revoked. */
type Change = { acknowledge: () => Promise<string | null>; isRevoked: () => Promise<boolean> };

const isSignedIn = async ({ token }: { token: string }) => {
  const { data, errors } = await app.ask('{ viewer { user { id } } }', { token });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.viewer !== null;
};

const signOut = ({ ask, token }: Person): Change => ({
  acknowledge: async () => (await send(ask, 'signOut')).code,
  isRevoked: async () => !(await isSignedIn({ token })),
});

const dropRole = (member: Person & { membershipId: string }): Change => ({
  acknowledge: async () =>
    (await updateMembership(team.owner.ask, member.membershipId, { roleKeys: ['viewer'] })).code,
  isRevoked: async () => {
    const { data } = await member.ask(
      'query ($id: ID!) { tenant(id: $id) { viewerPermissions } }',
      {
        variables: { id: team.tenantId },
      },
    );
    return !data.tenant.viewerPermissions.includes('members:update');
  },
});

const changePassword = (person: Person): Change => ({
  acknowledge: async () => {
    const input = { currentPassword: person.password, newPassword: 'another harbour without wind' };
    return (await send(person.ask, 'changePassword', input)).code;
  },
  isRevoked: async () => {
    const { email, password } = person;
    const rejected = await send(app.ask, 'signIn', { email, password });
    const newPassword = 'another harbour without wind';
    const accepted = await send(app.ask, 'signIn', { email, password: newPassword });
    return rejected.code === 'UNAUTHENTICATED' && accepted.code === null;
  },
});

const revokeKey = (program: Program): Change => ({
  acknowledge: async () =>
    (await sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: program.id })).code,
  isRevoked: async () => !(await isKeyValid(program)),
});

const kinds: [name: string, prepare: () => Promise<Change>][] = [
  ['a sign-out', async () => signOut(await createPerson(app))],
  ['a dropped role', async () => dropRole(await createMember(app, team, 'admin'))],
  [
    'a revoked key',
    async () => revokeKey(await createProgram(app, team.owner, team, 'tenant:read')),
  ],
  ['a changed password', async () => changePassword(await createPerson(app))],
];

let cluster: CrashingCluster;
let app: TestApp;
let team: Team;
/** Prepared before the first kill, which closes the connection that preparing needs. */
const prepared = new Map<string, Change[]>();
beforeAll(async () => {
  cluster = await startCrashingCluster();
  app = await startTestApp({}, { database: cluster.database });
  app.owner.on('error', () => undefined);
  team = await createTeam(app);
  for (const [name, prepare] of kinds) {
    const changes: Change[] = [];
    for (let round = 0; round < rounds; round += 1) changes.push(await prepare());
    prepared.set(name, changes);
  }
});
afterAll(() => app?.close());

test.each(kinds.map(([name]) => name))(
  '%s is kept if the database is killed right after its acknowledgement',
  async (name) => {
    const changes = prepared.get(name) ?? [];
    expect(changes).toHaveLength(rounds);
    for (const change of changes) {
      const code = await change.acknowledge();
      await cluster.kill();
      expect(code).toBeNull();
      await cluster.restart();
      await waitUntil(isServing);
      expect(await change.isRevoked()).toBe(true);
    }
  },
);

async function isServing(): Promise<boolean> {
  const { errors } = await app.ask('{ tenant(slug: "nobody") { id } }', {
    token: team.owner.token,
  });
  return errors === undefined;
}
