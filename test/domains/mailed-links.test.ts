import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage } from '../support/life-cycle.ts';
import { readLastMail, readMails, settleResets } from '../support/mail.ts';
import { createPerson, createPlatformAdmin, type Person } from '../support/people.ts';

// Which event invalidates which links, as in the table in docs/sign-in.md. Invitations: invitations.test.ts.

const app = describeApp({ SIGN_UP_SOURCE_MAX: '1000' });
let admin: Person;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
});
beforeEach(() => app.owner.query('delete from sign_in_budgets'));

const newPassword = 'another harbour at dusk';
const rejected = 'BAD_USER_INPUT';

/** Mails a link of each kind to the user and returns their tokens. */
async function mailLinks(person: Person) {
  const verification = (await readLastMail(app, person.email)).token ?? '';
  expect(await send(app.ask, 'requestPasswordReset', { email: person.email })).toMatchObject({
    code: null,
  });
  const reset = (await readLastMail(app, person.email)).token ?? '';
  expect([verification, reset].map((token) => token.split('_')[1])).toEqual(['verify', 'reset']);
  return { verification, reset };
}

const follow = {
  verification: async (token: string) => (await send(app.ask, 'verifyEmail', { token })).code,
  reset: async (token: string) =>
    (await send(app.ask, 'resetPassword', { token, newPassword: 'a third harbour at dawn' })).code,
};

const setStatus = (person: Person, name: 'suspendUser' | 'reinstateUser') =>
  manage(admin.ask, name, { userId: person.userId });

type Event = (person: Person, links: { verification: string; reset: string }) => Promise<unknown>;

const events: [
  name: string,
  event: Event,
  invalidates: { reset: boolean; verification: boolean },
][] = [
  [
    'a change of the password',
    ({ ask, password }) => send(ask, 'changePassword', { currentPassword: password, newPassword }),
    { reset: true, verification: false },
  ],
  [
    'a reset of the password, which also verifies the address',
    (_person, { reset }) => send(app.ask, 'resetPassword', { token: reset, newPassword }),
    { reset: true, verification: true },
  ],
  [
    'a verification of the address',
    (_person, { verification }) => send(app.ask, 'verifyEmail', { token: verification }),
    { reset: false, verification: true },
  ],
  [
    'a suspension, even once it is lifted',
    async (person) => {
      expect(await setStatus(person, 'suspendUser')).toMatchObject({ code: null });
      expect(await setStatus(person, 'reinstateUser')).toMatchObject({ code: null });
    },
    { reset: true, verification: true },
  ],
  [
    'a change of the address, even once it is changed back',
    async ({ userUuid, email }) => {
      const change = 'update users set email = $2 where id = $1';
      await app.owner.query(change, [userUuid, `moved-${email}`]);
      await app.owner.query(change, [userUuid, email]);
    },
    { reset: true, verification: true },
  ],
  [
    'an erasure, even for a user who signs up with the address later',
    async (person) => {
      expect(await manage(person.ask, 'eraseUser', { userId: person.userId })).toMatchObject({
        code: null,
      });
      await createPerson(app, person.email);
    },
    { reset: true, verification: true },
  ],
  // Otherwise anyone who knows the password could keep its owner from replacing it.
  [
    'a sign-in',
    ({ email, password }) => send(app.ask, 'signIn', { email, password }),
    { reset: false, verification: false },
  ],
  [
    'a confirmation of the password',
    ({ ask, password }) =>
      ask(`mutation { confirmPassword(input: { password: "${password}" }) { __typename } }`),
    { reset: false, verification: false },
  ],
  [
    'a newer link of the same kind',
    async (person) => {
      await app.owner.query('delete from sign_in_budgets');
      await send(app.ask, 'requestPasswordReset', { email: person.email });
      await send(person.ask, 'requestEmailVerification');
      await readMails(app, person.email);
    },
    { reset: true, verification: true },
  ],
];

describe.each(['reset', 'verification'] as const)('an earlier %s link', (kind) => {
  test.each(
    events.map(([name, event, invalidates]) => ({ name, event, isRejected: invalidates[kind] })),
  )('after $name (rejected: $isRejected)', async ({ event, isRejected }) => {
    const person = await createPerson(app);
    const links = await mailLinks(person);
    await event(person, links);
    expect(await follow[kind](links[kind])).toBe(isRejected ? rejected : null);
  });
});

test('a reset requested before a change of the password mails no link after it', async () => {
  const person = await createPerson(app);
  // As if the background job were slow: reset requested, password changed, then request settled.
  await app.owner.query(
    `with changed as (
       update password_credentials set changed_at = now() where user_id = $2 returning user_id)
     insert into password_reset_requests (email, token_hash, sealed_message, is_for_inbox, request_id, created_at)
     select $1, sha256('x'), 'x', true, 'test', now() - interval '1 second' from changed`,
    [person.email, person.userUuid],
  );
  await settleResets(app);
  const { rows } = await app.owner.query(
    `select purpose from one_time_tokens where user_id = $1 and purpose = 'password_reset'`,
    [person.userUuid],
  );
  expect(rows).toEqual([]);
});
