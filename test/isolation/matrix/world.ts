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
import {
  type Caller,
  type House,
  houseOf,
  keyPermissions,
  type PersonalCaller,
} from './callers.ts';
import { boundWord, personWord } from './canaries.ts';
import { furnish, namePerson, nameSessions, type Things } from './furnish.ts';
import { nobodysPasswords, type Passwords, type Selves } from './mutations.ts';
import type { Ids, Target } from './scene.ts';

/** Four tenants, their people, and something of everything in each. */
export type World = {
  things: Record<House, Things>;
  /** Null for anonymous. */
  tokens: Record<Caller, string | null>;
  passwords: Passwords;
  selves: Selves;
};

/** Fills an empty database. Every text of a tenant holds its word (see canaries.ts). */
export async function createWorld(app: TestApp): Promise<World> {
  const teams: Record<House, Team> = {
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
  // Before the rest, so that the newest entry of the audit log is the one that furnish() writes.
  const bound = await createBound(app, teams);
  const program = await createProgram(app, teams.home.owner, teams.home, ...keyPermissions);
  const { token } = await impersonate(app, platformAdmin, insiders.impersonated);
  const things = {
    home: await furnish(app, 'home', teams.home, insiders),
    foreign: await furnish(app, 'foreign', teams.foreign, {}),
    third: await furnish(app, 'third', teams.third, {}),
    office: await furnish(app, 'office', teams.office, {}),
  };
  await letColleaguesMeet(app, things);
  // Slow often enough for advice to be given about it.
  for (let call = 0; call < 5; call += 1) await app.owner.query('select pg_sleep(0.11)');
  // Everybody has just been mailed, and could not ask for a mail again so soon.
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
    things,
    tokens: { ...listTokens(people), key: program.token },
    passwords: await listPasswords(app, people),
    selves: listSelves(people),
  };
}

/** An admin of two tenants, signed in to the first. */
async function createBound(app: TestApp, { home, foreign }: Record<House, Team>): Promise<Person> {
  const person = await createMember(app, home, 'admin');
  await addMember(app, foreign, person, 'admin');
  const { token } = await openSession(app, person, home.slug);
  await namePerson(app, boundWord, person);
  await app.owner.query(
    `update user_tenants set metadata = jsonb_build_object('note', $3::text)
     where tenant_id = $1 and user_id = $2`,
    [foreign.tenantUuid, person.userUuid, personWord('foreign', 'visitor')],
  );
  await nameSessions(app, boundWord, '192.0.2.55');
  return { ...person, token };
}

/** The colleagues of `home` and `foreign` both belong to `third` too, which no caller may learn. */
async function letColleaguesMeet(app: TestApp, things: Record<House, Things>): Promise<void> {
  await app.owner.query(
    `insert into user_tenants (tenant_id, user_id, metadata)
     select $1, u.id, jsonb_build_object('note', $3::text) from users u where u.id = any ($2)`,
    [
      things.third.tenantUuid,
      [things.home.userUuid, things.foreign.userUuid],
      things.third.membershipNote,
    ],
  );
}

function listTokens(people: Record<PersonalCaller, Person>): World['tokens'] {
  const tokens = Object.entries(people).map(([caller, { token }]) => [caller, token]);
  return { anonymous: null, ...Object.fromEntries(tokens) };
}

function listSelves(people: Record<PersonalCaller, Person>): Selves {
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
  return { ...nobodysPasswords, ...Object.fromEntries(own) };
}

/**
 * The ids that a caller sends for a target; several sets for `malformed`. Those of one target are
 * as long as those of every other.
 */
export function listIds({ things }: World, caller: Caller, target: Target): Ids[] {
  const isStranger = houseOf[caller] === 'foreign';
  const [own, foreign] = isStranger ? [things.foreign, things.home] : [things.home, things.foreign];
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
      return [cut, shout, misname, () => '', (id: string) => `${id}\u0000`].map((spoil) =>
        spoilAll(own.ids, spoil),
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

/** The same objects, said to be in another tenant. */
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

function spoilAll(ids: Ids, spoil: (id: string) => string): Ids {
  const spoilt = Object.entries(ids).map(([key, id]) => [key, spoil(id)]);
  return { ...Object.fromEntries(spoilt), slug: 'No Slug', email: 'no address' } as Ids;
}

const cut = (id: string) => id.slice(0, -1);
const shout = (id: string) => id.toUpperCase();
const misname = (id: string) => id.replace(/^[a-z]+_/, 'invoice_');
