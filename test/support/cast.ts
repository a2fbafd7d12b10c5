import type { TestApp } from './app.ts';
import {
  createMember,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
  toUuid,
} from './people.ts';

export type Ask = Person['ask'];

/** The kinds of callers of a tenant; the stranger owns another tenant. */
export const callerNames = [
  'owner',
  'admin',
  'member',
  'viewer',
  'paused',
  'stranger',
  'anonymous',
  'platformAdmin',
] as const;
export type CallerName = (typeof callerNames)[number];

type MemberOfTeam = Person & { membershipId: string };

/** One tenant, its users, and a client for each kind of caller. */
export type Cast = {
  team: Team;
  /** The tenant that the stranger owns. */
  otherTeam: Team;
  owner: MemberOfTeam;
  admin: MemberOfTeam;
  member: MemberOfTeam;
  viewer: MemberOfTeam;
  platformAdmin: Person;
  as: Record<CallerName, Ask>;
};

/** A new tenant with a member of each built-in role, a paused owner, a stranger and a platform administrator. */
export async function createCast(app: TestApp): Promise<Cast> {
  const team = await createTeam(app);
  const otherTeam = await createTeam(app);
  const admin = await createMember(app, team, 'admin');
  const member = await createMember(app, team, 'member');
  const viewer = await createMember(app, team, 'viewer');
  const paused = await createMember(app, team, 'owner');
  const platformAdmin = await createPlatformAdmin(app);
  await app.owner.query(
    'update user_tenants set is_active = false where tenant_id = $1 and user_id = $2',
    [team.tenantUuid, paused.userUuid],
  );
  const owner = { ...team.owner, membershipId: await findMembershipId(team) };
  const as = {
    owner: owner.ask,
    admin: admin.ask,
    member: member.ask,
    viewer: viewer.ask,
    paused: paused.ask,
    stranger: otherTeam.owner.ask,
    anonymous: app.ask,
    platformAdmin: platformAdmin.ask,
  };
  return { team, otherTeam, owner, admin, member, viewer, platformAdmin, as };
}

/** The public id of the owner's membership. */
export async function findMembershipId({ owner, tenantId }: Team): Promise<string> {
  const { data } = await owner.ask(
    'query ($id: ID!) { viewer { membership(tenantId: $id) { id } } }',
    { variables: { id: tenantId } },
  );
  return data.viewer.membership.id;
}

/** The keys of the roles that a membership has in the database. */
export async function listRoleKeys(app: TestApp, membershipId: string): Promise<string[]> {
  const { rows } = await app.owner.query(
    `select r.key from membership_roles mr join roles r on r.id = mr.role_id
     where mr.membership_id = $1 order by r.key`,
    [toUuid(membershipId)],
  );
  return rows.map(({ key }) => key);
}

/** A client with a new session bound to one tenant. */
export async function signInBound(app: TestApp, person: Person, tenantSlug: string): Promise<Ask> {
  const { data } = await app.ask(
    `mutation ($input: SignInInput!) { signIn(input: $input) {
      ... on SignInSuccess { token } ... on Error { message } } }`,
    { variables: { input: { email: person.email, password: person.password, tenantSlug } } },
  );
  const { token, message } = data.signIn;
  if (!token) throw new Error(`sign-in failed: ${message}`);
  return (query, options) => app.ask(query, { token, ...options });
}
