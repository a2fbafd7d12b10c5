import { expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { addMember, createPerson, createTeam } from '../support/people.ts';

// Mutations of a document run one after the other; each returns the state after it, at every depth.

const app = describeApp();

test('a tenant that is changed twice is returned as it is after each change, wherever it appears in the response', async () => {
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

test('a user who is changed twice is returned as after the last change, wherever they appear in the response', async () => {
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

test('permissions that a mutation removes are missing for the next mutation of the document', async () => {
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
