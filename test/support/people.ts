import type { AskOptions, GraphQLResult, TestApp } from './app.ts';

/** A signed-in user. */
export type Person = {
  email: string;
  password: string;
  token: string;
  /** The public id, and the UUID in the database. */
  userId: string;
  userUuid: string;
  ask: (query: string, options?: AskOptions) => Promise<GraphQLResult>;
};

/** A tenant with its owner. */
export type Team = { tenantId: string; tenantUuid: string; slug: string; owner: Person };

let serial = 0;

const signUpMutation = `
  mutation ($input: SignUpInput!) {
    signUp(input: $input) {
      __typename
      ... on SignUpSuccess { token user { id } tenant { id slug } }
      ... on Error { code message path }
    }
  }`;

/** A new user without any tenant. */
export async function createPerson(app: TestApp, email = `person-${++serial}@people.example`) {
  const { person } = await signUp(app, { email });
  return person;
}

/** A new tenant with a new owner. */
export async function createTeam(app: Pick<TestApp, 'ask'>): Promise<Team> {
  const number = ++serial;
  const { person, tenant } = await signUp(app, {
    email: `owner-${number}@team-${number}.example`,
    tenantName: `Team ${number}`,
  });
  return { tenantId: tenant.id, tenantUuid: toUuid(tenant.id), slug: tenant.slug, owner: person };
}

/** A new user who belongs to the team with these roles. */
export async function createMember(
  app: TestApp,
  team: Team,
  ...roleKeys: string[]
): Promise<Person & { membershipId: string }> {
  const person = await createPerson(app);
  return { ...person, membershipId: await addMember(app, team, person, ...roleKeys) };
}

/** Makes a user a member and returns the public id of the membership. */
export async function addMember(app: TestApp, team: Team, person: Person, ...roleKeys: string[]) {
  const { rows } = await app.owner.query<{ id: string }>(
    `insert into user_tenants (tenant_id, user_id) values ($1, $2) returning id`,
    [team.tenantUuid, person.userUuid],
  );
  const id = rows[0]?.id ?? '';
  await app.owner.query(
    `insert into membership_roles (tenant_id, membership_id, role_id)
     select r.tenant_id, $2, r.id from roles r where r.tenant_id = $1 and r.key = any ($3)`,
    [team.tenantUuid, id, roleKeys],
  );
  return toPublicId('member', id, team.tenantUuid);
}

/** A signed-in platform administrator. */
export async function createPlatformAdmin(app: TestApp): Promise<Person> {
  const person = await createPerson(app);
  await app.owner.query('update users set is_platform_admin = true where id = $1', [
    person.userUuid,
  ]);
  return person;
}

/** The public id of a row. */
export function toPublicId(prefix: string, id: string, tenantId = ''): string {
  return `${prefix}_${id.replaceAll('-', '')}${tenantId.replaceAll('-', '')}`;
}

/** The UUID of the row in a public id. */
export function toUuid(publicId: string): string {
  const hex = publicId.slice(publicId.indexOf('_') + 1);
  return hex.slice(0, 32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

async function signUp(app: Pick<TestApp, 'ask'>, input: { email: string; tenantName?: string }) {
  const password = `a long enough secret of nobody ${++serial}`;
  const { data, errors } = await app.ask(signUpMutation, {
    variables: { input: { ...input, password } },
  });
  const signedUp = data?.signUp;
  if (signedUp?.__typename !== 'SignUpSuccess') {
    throw new Error(`sign-up failed: ${JSON.stringify(errors ?? signedUp)}`);
  }
  const { token, user, tenant } = signedUp;
  const person: Person = {
    email: input.email,
    password,
    token,
    userId: user.id,
    userUuid: toUuid(user.id),
    ask: (query, options) => app.ask(query, { token, ...options }),
  };
  return { person, tenant };
}
