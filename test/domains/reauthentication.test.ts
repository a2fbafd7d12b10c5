import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Ask } from '../support/cast.ts';
import { isValid, openSession, send, toOpenSession } from '../support/credentials.ts';
import { reason } from '../support/impersonation.ts';
import { countRows, deletionOf, readAuditLog } from '../support/life-cycle.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

const limitSeconds = 900;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ REAUTHENTICATION_SECONDS: String(limitSeconds) });
});
afterAll(() => app.close());

/** Moves the sign-ins of a user into the past. */
const age = ({ userUuid }: Person, seconds: number) =>
  app.owner.query(
    `update sessions set authenticated_at = now() - make_interval(secs => $2) where user_id = $1`,
    [userUuid, seconds],
  );

/** Runs a mutation and returns the fields of its error; an empty object on success. */
async function call(ask: Ask, name: string, inputType: string, input: object) {
  const { data } = await ask(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      __typename ... on Error { code path } ... on ForbiddenError { reason } } }`,
    { variables: { input } },
  );
  const { __typename: _, ...rejection } = data[name];
  return rejection;
}

const confirm = (ask: Ask, password: string) =>
  call(ask, 'confirmPassword', 'ConfirmPasswordInput', { password });

const staleRejection = { code: 'FORBIDDEN', path: null, reason: 'REAUTHENTICATION_REQUIRED' };

type Fixture = { team: Team; member: Person; bound: { id: string }; admin: Person };
type Action = {
  name: string;
  type: string;
  by: (fixture: Fixture) => Person;
  input: (fixture: Fixture) => object;
};

async function createFixture(): Promise<Fixture> {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  const bound = await openSession(app, member, team.slug);
  return { team, member, bound, admin: await createPlatformAdmin(app) };
}

const byOwner = ({ team }: Fixture) => team.owner;
const byAdmin = ({ admin }: Fixture) => admin;

/** Every mutation that requires a recent sign-in, with the actors that may call it. */
const actions: Action[] = [
  {
    name: 'deleteTenant',
    type: 'DeleteTenantInput',
    by: byOwner,
    input: ({ team }) => deletionOf(team),
  },
  {
    name: 'transferOwnership',
    type: 'TransferOwnershipInput',
    by: byOwner,
    input: ({ team, member }) => ({ tenantId: team.tenantId, toUserId: member.userId }),
  },
  {
    name: 'revokeSession',
    type: 'SessionIdInput',
    by: byOwner,
    input: ({ bound }) => ({ sessionId: bound.id }),
  },
  {
    name: 'revokeSessions',
    type: 'RevokeSessionsInput',
    by: byOwner,
    input: ({ team, member }) => ({ tenantId: team.tenantId, userId: member.userId }),
  },
  {
    name: 'revokeSession',
    type: 'SessionIdInput',
    by: byAdmin,
    input: ({ bound }) => ({ sessionId: bound.id }),
  },
  {
    name: 'revokeSessions',
    type: 'RevokeSessionsInput',
    by: byAdmin,
    input: ({ member }) => ({ userId: member.userId }),
  },
  {
    name: 'eraseUser',
    type: 'UserIdInput',
    by: byAdmin,
    input: ({ member }) => ({ userId: member.userId }),
  },
  {
    name: 'eraseUser',
    type: 'UserIdInput',
    by: ({ member }) => member,
    input: ({ member }) => ({ userId: member.userId }),
  },
  {
    name: 'impersonateUser',
    type: 'ImpersonateUserInput',
    by: byAdmin,
    input: ({ member }) => ({ userId: member.userId, reason }),
  },
];

test.each(actions)(
  '$name requires a sign-in within the last 15 minutes, or a confirmed password',
  async (action) => {
    const fixture = await createFixture();
    const actor = action.by(fixture);
    const attempt = () => call(actor.ask, action.name, action.type, action.input(fixture));
    await age(actor, limitSeconds + 1);
    const sessions = await countRows(app, 'sessions');
    expect(await attempt()).toEqual(staleRejection);
    expect(await countRows(app, 'sessions')).toBe(sessions);
    expect(await confirm(actor.ask, actor.password)).toEqual({});
    expect(await attempt()).toEqual({});
  },
);

test('a sign-in counts as recent until the limit', async () => {
  const { team } = await createFixture();
  await age(team.owner, limitSeconds - 60);
  const input = deletionOf(team);
  expect(await call(team.owner.ask, 'deleteTenant', 'DeleteTenantInput', input)).toEqual({});
});

test('a caller without the permission gets that error, and no request to confirm the password', async () => {
  const { team, member, bound } = await createFixture();
  await age(member, limitSeconds + 1);
  const { owner: stranger } = await createTeam(app);
  await age(stranger, limitSeconds + 1);
  const input = { sessionId: bound.id };
  expect(await call(stranger.ask, 'revokeSession', 'SessionIdInput', input)).toMatchObject({
    code: 'NOT_FOUND',
  });
  const lacking = await call(member.ask, 'deleteTenant', 'DeleteTenantInput', deletionOf(team));
  expect(lacking).toMatchObject({ code: 'FORBIDDEN', reason: null });
});

test('a user ends their own sessions without a recent sign-in', async () => {
  const person = await createPerson(app);
  const other = await openSession(app, person);
  await openSession(app, person);
  await age(person, 86_000);
  expect(await send(person.ask, 'revokeSession', { sessionId: other.id })).toMatchObject({
    code: null,
  });
  expect(await send(person.ask, 'revokeSessions')).toMatchObject({ value: { revokedCount: 1 } });
});

test('switching the tenant does not count as a new sign-in', async () => {
  const { team } = await createFixture();
  await age(team.owner, limitSeconds + 1);
  const { value } = await send(team.owner.ask, 'switchTenant', { tenantId: team.tenantId });
  const { ask } = toOpenSession(app, value.token);
  expect(await call(ask, 'deleteTenant', 'DeleteTenantInput', deletionOf(team))).toEqual(
    staleRejection,
  );
});

describe('confirmPassword', () => {
  test('keeps the token, counts for this session only, and is recorded in the audit log', async () => {
    const person = await createPerson(app);
    const other = await openSession(app, person);
    await age(person, limitSeconds + 1);
    expect(await confirm(person.ask, person.password)).toEqual({});
    expect(await isValid(person)).toBe(true);
    const own = { userId: person.userId };
    expect(await call(other.ask, 'eraseUser', 'UserIdInput', own)).toEqual(staleRejection);
    const auditLog = await readAuditLog(app, person.userUuid);
    expect(auditLog.at(-1)).toMatchObject({ action: 'session.confirmed', actor: person.userUuid });
  });

  test('counts for the rest of the same operation', async () => {
    const person = await createPerson(app);
    await age(person, limitSeconds + 1);
    const { data } = await person.ask(
      `mutation ($password: String!, $id: ID!) {
        confirmPassword(input: { password: $password }) { __typename }
        eraseUser(input: { userId: $id }) { __typename } }`,
      { variables: { password: person.password, id: person.userId } },
    );
    expect(data.eraseUser.__typename).toBe('EraseUserSuccess');
  });

  test('is rejected with a wrong password, and each attempt is counted like a sign-in', async () => {
    const person = await createPerson(app);
    const { password } = await createPerson(app);
    await age(person, limitSeconds + 1);
    for (let tries = 0; tries < 5; tries += 1) {
      expect(await confirm(person.ask, password)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(await confirm(person.ask, person.password)).toMatchObject({ code: 'RATE_LIMITED' });
    const own = { userId: person.userId };
    expect(await call(person.ask, 'eraseUser', 'UserIdInput', own)).toEqual(staleRejection);
  });

  test('is rejected for an anonymous caller', async () => {
    const { errors } = await app.ask(
      'mutation { confirmPassword(input: { password: "x" }) { __typename } }',
    );
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});
