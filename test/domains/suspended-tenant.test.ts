import { expect, test } from 'vitest';
import { noScope } from '../../src/db/scope.ts';
import { describeApp } from '../support/describe-app.ts';
import { createMember, createPlatformAdmin, createTeam, type Team } from '../support/people.ts';

const app = describeApp();

async function createSuspended(): Promise<Team> {
  const team = await createTeam(app);
  await app.owner.query(`update tenants set status = 'suspended' where id = $1`, [team.tenantUuid]);
  return team;
}

test('the members of a suspended tenant see that it is suspended, and nothing else of it', async () => {
  const { owner, tenantId } = await createSuspended();
  const { data } = await owner.ask(
    'query ($id: ID!) { tenant(id: $id) { status viewerPermissions } }',
    { variables: { id: tenantId } },
  );
  expect(data.tenant).toEqual({ status: 'SUSPENDED', viewerPermissions: [] });
  const members = await owner.ask(
    'query ($id: ID!) { tenant(id: $id) { memberships { edges { node { id } } } } }',
    { variables: { id: tenantId } },
  );
  expect(members.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test('nothing in a suspended tenant can be changed, by its owner or by anybody', async () => {
  const team = await createSuspended();
  const member = await createMember(app, team, 'admin');
  const stranger = (await createTeam(app)).owner;
  const rename = `mutation ($id: ID!) { updateTenant(input: { tenantId: $id, name: "New" }) {
    ... on Error { code } } }`;
  const codes = [];
  for (const { ask } of [team.owner, member, stranger]) {
    const { data } = await ask(rename, { variables: { id: team.tenantId } });
    codes.push(data.updateTenant.code);
  }
  expect(codes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'NOT_FOUND']);
});

test('row security shows nothing of a suspended tenant even to its owner', async () => {
  const { owner, tenantUuid } = await createSuspended();
  const scope = { ...noScope, userId: owner.userUuid, tenantId: tenantUuid, platform: false };
  expect(await app.app.db.read(scope, (db) => db.membership.findMany())).toEqual([]);
});

test('platform administrators still reach a suspended tenant', async () => {
  const { tenantId } = await createSuspended();
  const admin = await createPlatformAdmin(app);
  const { data } = await admin.ask(
    'query ($id: ID!) { tenant(id: $id) { status memberships { edges { node { id } } } } }',
    { variables: { id: tenantId } },
  );
  expect(data.tenant.memberships.edges).toHaveLength(1);
});
