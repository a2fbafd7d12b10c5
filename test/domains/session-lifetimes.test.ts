import { expect, test } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { isValid, openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { impersonate } from '../support/impersonation.ts';
import { createPerson, createPlatformAdmin } from '../support/people.ts';

const app = describeApp();

type Subject = { uuid: string; ask: TestApp['ask'] };
const hour = 3_600;

/** The session of each kind whose lifetimes differ. */
const subjects: Record<string, () => Promise<Subject>> = {
  'a user': async () => openSession(app, await createPerson(app)),
  'an administrator': async () => openSession(app, await createPlatformAdmin(app)),
  'an impersonation': async () =>
    impersonate(app, await createPlatformAdmin(app), await createPerson(app)),
};

/**
 * Whether the session check finds it so long after it was opened or last used. Both stand in one
 * transaction, whose clock stands still.
 */
async function isGoodAfter({ uuid }: Subject, column: string, seconds: number): Promise<boolean> {
  await app.owner.query('begin');
  try {
    await app.owner.query(
      `update sessions set created_at = now(), last_seen_at = now(),
         expires_at = now() + (expires_at - created_at) where id = $1`,
      [uuid],
    );
    const back = column === 'last_seen_at' ? [column] : ['created_at', 'expires_at'];
    const list = back.map((name) => `${name} = ${name} - make_interval(secs => $2)`).join();
    await app.owner.query(`update sessions set ${list} where id = $1`, [uuid, seconds]);
    const { rows } = await app.owner.query(
      `select 1 from sessions s, find_live_sessions(array[s.token_hash], array[null::uuid]) f
       where s.id = $1`,
      [uuid],
    );
    return rows.length > 0;
  } finally {
    await app.owner.query('rollback');
  }
}

test.each([
  ['a user', 24 * hour, 30 * 24 * hour],
  ['an administrator', 0.5 * hour, 12 * hour],
  ['an impersonation', 0.5 * hour, hour],
])(
  'the session of %s is good a second before its end, and not a second after',
  async (kind, idle, absolute) => {
    const subject = await subjects[kind]?.();
    if (!subject) throw new Error(`There is no ${kind}.`);
    for (const [column, end] of [
      ['last_seen_at', idle],
      ['created_at', absolute],
    ] as const) {
      expect([column, await isGoodAfter(subject, column, end - 1)]).toEqual([column, true]);
      expect([column, await isGoodAfter(subject, column, end + 1)]).toEqual([column, false]);
    }
  },
);

test('a session past its end is nobody’s, over HTTP too', async () => {
  const session = await openSession(app, await createPerson(app));
  expect(await isValid(session)).toBe(true);
  await app.owner.query(
    `update sessions set expires_at = now() - interval '1 second' where id = $1`,
    [session.uuid],
  );
  expect(await isValid(session)).toBe(false);
});

test('of 50 live sessions the 51st sign-in ends exactly the one that was used longest ago', async () => {
  const person = await createPerson(app);
  const oldest = await openSession(app, person);
  await app.owner.query(
    `insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
     select $1::uuid, sha256(convert_to($1::text || n, 'UTF8')), 3600, now() + interval '1 hour'
     from generate_series(1, 48) n`,
    [person.userUuid],
  );
  await app.owner.query(
    `update sessions set last_seen_at = now() - interval '1 minute' where id = $1`,
    [oldest.uuid],
  );
  const count = async () => {
    const { rows } = await app.owner.query(
      'select count(*)::int from sessions where user_id = $1',
      [person.userUuid],
    );
    return rows[0]?.count;
  };
  expect([await count(), await isValid(oldest)]).toEqual([50, true]);
  const last = await openSession(app, person);
  expect([await count(), await isValid(oldest)]).toEqual([50, false]);
  expect([await isValid(person), await isValid(last)]).toEqual([true, true]);
});
