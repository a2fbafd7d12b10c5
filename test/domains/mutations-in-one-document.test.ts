import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { addMember, createPerson, createTeam } from '../support/people.ts';

// Mutations of a document run one after the other; what one answers is what holds after it, at every depth.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

test('a tenant that is changed twice is told as the last change left it, wherever it is reached from', async () => {
  const { owner, tenantId } = await createTeam(app);
  const change = (alias: string, name: string) => `
    ${alias}: updateTenant(input: { tenantId: "${tenantId}", name: "${name}" }) {
      ... on UpdateTenantSuccess { tenant { name viewerMembership { tenant { name } } } } }`;
  const { data } = await owner.ask(
    `mutation { ${change('first', 'One')} ${change('last', 'Two')} }`,
  );
  for (const [alias, name] of [
    ['first', 'One'],
    ['last', 'Two'],
  ] as const) {
    expect(data[alias].tenant).toEqual({ name, viewerMembership: { tenant: { name } } });
  }
});

test('a person that is changed twice is told as the last change left it, wherever it is reached from', async () => {
  const { owner } = await createTeam(app);
  const change = (alias: string, name: string) => `
    ${alias}: updateProfile(input: { name: "${name}" }) {
      ... on UpdateProfileSuccess { user { name memberships { edges { node { user { name } } } } } } }`;
  const { data } = await owner.ask(
    `mutation { ${change('first', 'Ada')} ${change('last', 'Eve')} }`,
  );
  expect(data.last.user).toEqual({
    name: 'Eve',
    memberships: { edges: [{ node: { user: { name: 'Eve' } } }] },
  });
});

test('rights that a mutation takes away are gone for the next, also a stranger’s of them', async () => {
  const team = await createTeam(app);
  const person = await createPerson(app);
  await addMember(app, team, person, 'admin');
  const { data, errors } = await person.ask(
    `mutation ($id: ID!, $name: String!) {
      first: leaveTenant(input: { tenantId: $id }) { __typename }
      last: updateTenant(input: { tenantId: $id, name: $name }) {
        __typename ... on Error { code } } }`,
    { variables: { id: team.tenantId, name: 'Mine' } },
  );
  expect(errors).toBeUndefined();
  expect(data.first.__typename).toBe('LeaveTenantSuccess');
  expect(data.last.code).toBe('NOT_FOUND');
});
