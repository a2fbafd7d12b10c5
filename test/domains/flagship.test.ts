import { expect, test } from 'vitest';
import { listStatementsOf } from '../support/app.ts';
import { describeApp } from '../support/describe-app.ts';
import { createMember, createPlatformAdmin, createTeam } from '../support/people.ts';

const app = describeApp();

/** Authentication is one statement, whatever is asked. */
const authentication = 1;

test('the viewer with memberships, tenants, roles and permissions takes 2 statements at most', async () => {
  const { owner, slug } = await createTeam(app);
  let answer: unknown;
  const statements = await listStatementsOf(app, async () => {
    answer = await owner.ask(
      `{ viewer { user { email } memberships { edges { node {
        tenant { name slug } roles { key } permissions } } } } }`,
    );
  });
  expect(answer).toMatchObject({
    data: {
      viewer: {
        user: { email: owner.email },
        memberships: {
          edges: [
            {
              node: {
                tenant: { slug },
                roles: [{ key: 'owner' }],
                permissions: expect.arrayContaining(['tenant:own']),
              },
            },
          ],
        },
      },
    },
  });
  expect(statements.length).toBeLessThanOrEqual(authentication + 2);
});

test('50 members with user, roles and last sign-in take 5 statements at most', async () => {
  const team = await createTeam(app);
  await createMember(app, team, 'member');
  await createMember(app, team, 'admin', 'viewer');
  let answer: { data?: { tenant: { memberships: { edges: { node: unknown }[] } } } } = {};
  const statements = await listStatementsOf(app, async () => {
    answer = await team.owner.ask(
      `query ($id: ID!) { tenant(id: $id) { name memberships(first: 50) {
        edges { node { user { email name } roles { key name } lastSignInAt permissions } }
        pageInfo { hasNextPage endCursor } } } }`,
      { variables: { id: team.tenantId } },
    );
  });
  expect(answer.data?.tenant.memberships.edges).toHaveLength(3);
  expect(statements.length).toBeLessThanOrEqual(5);
});

test('100 tenants with owners and member count take 5 statements at most', async () => {
  await createTeam(app);
  const admin = await createPlatformAdmin(app);
  let answer: { data?: { tenants: { edges: { node: { owners: unknown[] } }[] } } } = {};
  const statements = await listStatementsOf(app, async () => {
    answer = await admin.ask(
      '{ tenants(first: 100) { edges { node { name memberCount owners { email } } } } }',
    );
  });
  const edges = answer.data?.tenants.edges ?? [];
  expect(edges.length).toBeGreaterThan(1);
  expect(edges.every(({ node }) => node.owners.length === 1)).toBe(true);
  expect(statements.length).toBeLessThanOrEqual(5);
});
