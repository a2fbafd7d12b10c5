import { randomUUID } from 'node:crypto';
import { mintToken } from '../../../src/lib/token.ts';
import { createProgram } from '../../support/api-keys.ts';
import type { TestApp } from '../../support/app.ts';
import { openSession } from '../../support/credentials.ts';
import { impersonate } from '../../support/impersonation.ts';
import {
  addMember,
  createMember,
  createTeam,
  type Person,
  type Team,
  toPublicId,
} from '../../support/people.ts';
import type { Ids, Target } from './attempt.ts';
import {
  type Caller,
  keyPermissions,
  type PersonalCaller,
  type TenantName,
  tenantOf,
} from './callers.ts';
import { fillTenant, markPerson, markSessions, type TenantContents } from './fill-tenant.ts';
import { boundMarker, personMarker } from './markers.ts';
import { type Passwords, type UserIds, unknownPasswords } from './mutations.ts';

/** Four tenants, their members, and an object of each type in each. */
export type World = {
  contents: Record<TenantName, TenantContents>;
  /** Null for anonymous. */
  tokens: Record<Caller, string | null>;
  passwords: Passwords;
  userIds: UserIds;
};

/** Fills an empty database. Every text of a tenant contains its marker (see markers.ts). */
export async function createWorld(app: TestApp): Promise<World> {
  const teams: Record<TenantName, Team> = {
    home: await createTeam(app),
    foreign: await createTeam(app),
    third: await createTeam(app),
    office: await createTeam(app),
  };
  const insiders = {
    admin: await createMember(app, teams.home, 'admin'),
    member: await createMember(app, teams.home, 'member'),
    viewer: await createMember(app, teams.home, 'viewer'),
    impersonated: await createMember(app, teams.home, 'member'),
  };
  const platformAdmin = teams.office.owner;
  await app.owner.query('update users set is_platform_admin = true where id = $1', [
    platformAdmin.userUuid,
  ]);
  // Created first, so that the newest audit entry is the one of fillTenant().
  const bound = await createBound(app, teams);
  const program = await createProgram(app, teams.home.owner, teams.home, ...keyPermissions);
  const { token } = await impersonate(app, platformAdmin, insiders.impersonated);
  const contents = {
    home: await fillTenant(app, 'home', teams.home, insiders),
    foreign: await fillTenant(app, 'foreign', teams.foreign, {}),
    third: await fillTenant(app, 'third', teams.third, {}),
    office: await fillTenant(app, 'office', teams.office, {}),
  };
  await addColleaguesToThird(app, contents);
  // Slow often enough for a recommendation in `monitoring`.
  for (let call = 0; call < 5; call += 1) await app.owner.query('select pg_sleep(0.11)');
  // Otherwise requests for another mail would be rate limited.
  await app.owner.query('delete from sign_in_budgets');
  const people: Record<PersonalCaller, Person> = {
    stranger: teams.foreign.owner,
    ...insiders,
    impersonated: { ...insiders.impersonated, token },
    bound,
    owner: teams.home.owner,
    platformAdmin,
  };
  return {
    contents,
    tokens: { ...listTokens(people), key: program.token },
    passwords: await listPasswords(app, people),
    userIds: listUserIds(people),
  };
}

/** An admin of two tenants, signed in to the first. */
async function createBound(
  app: TestApp,
  { home, foreign }: Record<TenantName, Team>,
): Promise<Person> {
  const person = await createMember(app, home, 'admin');
  await addMember(app, foreign, person, 'admin');
  const { token } = await openSession(app, person, home.slug);
  await markPerson(app, boundMarker, person);
  await app.owner.query(
    `update user_tenants set metadata = jsonb_build_object('note', $3::text)
     where tenant_id = $1 and user_id = $2`,
    [foreign.tenantUuid, person.userUuid, personMarker('foreign', 'visitor')],
  );
  await markSessions(app, boundMarker, '192.0.2.55');
  return { ...person, token };
}

/** Adds the colleagues of `home` and `foreign` to `third`, which no caller may see. */
async function addColleaguesToThird(
  app: TestApp,
  contents: Record<TenantName, TenantContents>,
): Promise<void> {
  await app.owner.query(
    `insert into user_tenants (tenant_id, user_id, metadata)
     select $1, u.id, jsonb_build_object('note', $3::text) from users u where u.id = any ($2)`,
    [
      contents.third.tenantUuid,
      [contents.home.userUuid, contents.foreign.userUuid],
      contents.third.membershipNote,
    ],
  );
}

function listTokens(people: Record<PersonalCaller, Person>): World['tokens'] {
  const tokens = Object.entries(people).map(([caller, { token }]) => [caller, token]);
  return { anonymous: null, ...Object.fromEntries(tokens) };
}

function listUserIds(people: Record<PersonalCaller, Person>): UserIds {
  return Object.fromEntries(Object.entries(people).map(([caller, { userId }]) => [caller, userId]));
}

async function listPasswords(
  app: TestApp,
  people: Record<PersonalCaller, Person>,
): Promise<Passwords> {
  const { rows } = await app.owner.query<{ id: string; email: string }>(
    'select id, email from users',
  );
  const emails = new Map(rows.map(({ id, email }) => [id, email]));
  const own = Object.entries(people).map(([caller, { userUuid, password }]) => [
    caller,
    { email: emails.get(userUuid), password },
  ]);
  return { ...unknownPasswords, ...Object.fromEntries(own) };
}

/** The ids that a caller sends for a target; several sets for `malformed`. Ids of all targets are equally long. */
export function listIds({ contents }: World, caller: Caller, target: Target): Ids[] {
  const isStranger = tenantOf[caller] === 'foreign';
  const [own, foreign] = isStranger
    ? [contents.foreign, contents.home]
    : [contents.home, contents.foreign];
  switch (target) {
    case 'own':
      return [own.ids];
    case 'foreign':
      return [foreign.ids];
    case 'absent':
      return [createAbsent(foreign.ids, randomUUID())];
    case 'absentInForeign':
      return [{ ...createAbsent(foreign.ids, foreign.tenantUuid), Tenant: foreign.ids.Tenant }];
    case 'absentInOwn':
      return [{ ...createAbsent(foreign.ids, own.tenantUuid), Tenant: own.ids.Tenant }];
    case 'smuggled':
      return [{ ...moveTo(own.tenantUuid, foreign.ids), Tenant: own.ids.Tenant }];
    case 'malformed':
      return [truncate, uppercase, replacePrefix, () => '', (id: string) => `${id}\u0000`].map(
        (corrupt) => corruptAll(own.ids, corrupt),
      );
  }
}

function createAbsent(like: Ids, tenantUuid: string): Ids {
  return {
    Tenant: toPublicId('tenant', tenantUuid),
    slug: 'x'.repeat(like.slug.length),
    User: toPublicId('user', randomUUID()),
    email: 'x'.repeat(like.email.indexOf('@')) + like.email.slice(like.email.indexOf('@')),
    Membership: toPublicId('member', randomUUID(), tenantUuid),
    Role: toPublicId('role', randomUUID(), tenantUuid),
    SpareRole: toPublicId('role', randomUUID(), tenantUuid),
    AuditEvent: toPublicId('audit', randomUUID(), tenantUuid),
    PreviousAuditEvent: toPublicId('audit', randomUUID(), tenantUuid),
    Session: toPublicId('session', randomUUID(), tenantUuid),
    UnboundSession: toPublicId('session', randomUUID()),
    ApiKey: toPublicId('key', randomUUID(), tenantUuid),
    token: mintToken('tenantry_session').token,
    key: mintToken('tenantry_test_key').token,
    Invitation: toPublicId('invite', randomUUID(), tenantUuid),
    invitationToken: mintToken('tenantry_invite').token,
  };
}

/** The same ids with another tenant in them. */
function moveTo(tenantUuid: string, ids: Ids): Ids {
  const tail = tenantUuid.replaceAll('-', '');
  const move = (id: string) => id.slice(0, -tail.length) + tail;
  return {
    ...ids,
    Membership: move(ids.Membership),
    Role: move(ids.Role),
    SpareRole: move(ids.SpareRole),
    AuditEvent: move(ids.AuditEvent),
    PreviousAuditEvent: move(ids.PreviousAuditEvent),
    Session: move(ids.Session),
    ApiKey: move(ids.ApiKey),
    Invitation: move(ids.Invitation),
  };
}

function corruptAll(ids: Ids, corrupt: (id: string) => string): Ids {
  const corrupted = Object.entries(ids).map(([key, id]) => [key, corrupt(id)]);
  return { ...Object.fromEntries(corrupted), slug: 'No Slug', email: 'no address' } as Ids;
}

const truncate = (id: string) => id.slice(0, -1);
const uppercase = (id: string) => id.toUpperCase();
const replacePrefix = (id: string) => id.replace(/^[a-z]+_/, 'invoice_');
