import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { waitUntil } from '../support/child.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { makeDue, manage } from '../support/life-cycle.ts';
import { createPlatformAdmin, createTeam } from '../support/people.ts';

/** The lock that one process holds while it does a step; see try_housekeeping() in the migrations. */
const housekeepingLock = '7201874035';

let closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

async function start(environment: Record<string, string> = {}): Promise<BareApp> {
  const app = await startBareApp({ HOUSEKEEPING_INTERVAL_SECONDS: '1', ...environment });
  closers.push(app.close);
  return app;
}

/** As many sessions that have expired, and one that has not. */
const addSessions = (app: BareApp, expired: number) =>
  app.asOwner(
    `with somebody as (insert into users (email) values ('kept@people.example') returning id)
     insert into sessions (user_id, token_hash, idle_timeout_seconds, expires_at)
     select id, sha256(n::text::bytea), 60, now() + case n when 0 then interval '1 hour' else interval '-1 s' end
     from somebody, generate_series(0, $1::int) n`,
    [expired],
  );

const countSessions = async (app: BareApp) =>
  Number((await app.asOwner('select count(*) from sessions')).rows[0]?.count);

const said = ({ lines }: BareApp, text: string) => lines.filter((line) => line.includes(text));

test('what has expired is deleted in the background, in steps, and what has not stays', async () => {
  const app = await start();
  await addSessions(app, 2_500);
  await waitUntil(async () => (await countSessions(app)) === 1);
  await waitUntil(async () => said(app, '"sessions":2500').length === 1);
  const [line = ''] = said(app, '"sessions":2500');
  expect(JSON.parse(line)).toMatchObject({ level: 30, isComplete: true });
});

test('a link that was never followed is deleted once it is good no more', async () => {
  const app = await start();
  const countTokens = async (purpose: string) => {
    const { rows } = await app.asOwner(
      'select count(*)::int as count from one_time_tokens where purpose = $1',
      [purpose],
    );
    return rows[0]?.count;
  };
  await app.asOwner(
    `with somebody as (insert into users (email) values ('linked@people.example') returning id)
     insert into one_time_tokens (user_id, purpose, token_hash, email, expires_at)
     select id, purpose, sha256(purpose::bytea), 'linked@people.example', now() + age::interval
     from somebody, (values ('password_reset', '-1 s'), ('email_verification', '1 hour')) v (purpose, age)`,
  );
  await waitUntil(async () => (await countTokens('password_reset')) === 0);
  expect(await countTokens('email_verification')).toBe(1);
});

test('a tenant whose time is over is erased without anybody asking', async () => {
  const database = await createTestDatabase();
  const app = await startTestApp({ HOUSEKEEPING_INTERVAL_SECONDS: '1' }, { database });
  closers.push(app.close);
  const team = await createTeam(app);
  const { slug: confirmSlug, tenantId } = team;
  expect((await manage(team.owner.ask, 'deleteTenant', { tenantId, confirmSlug })).code).toBeNull();
  await makeDue(app, team);
  const admin = await createPlatformAdmin(app);
  await waitUntil(async () => {
    const { data } = await admin.ask(`{ tenant(id: "${tenantId}") { status } }`);
    return data.tenant === null;
  });
});

test('while another process is at it, nothing is done twice', async () => {
  const app = await start();
  const other = new pg.Client({ connectionString: app.ownerUrl });
  await other.connect();
  closers.push(() => other.end());
  await other.query('select pg_advisory_lock($1)', [housekeepingLock]);
  await addSessions(app, 3);
  const team = await createTeam(app);
  await app.asOwner(
    `insert into invitations (tenant_id, email, token_hash, expires_at)
     values ($1, 'never@people.example', sha256('x'), now() - interval '91 days')`,
    [team.tenantUuid],
  );
  const countInvitations = async () => (await app.asOwner('select from invitations')).rowCount;
  const before = said(app, 'housekeeping done').length;
  // Two whole runs have come and gone, and left everything to the one that holds the lock.
  await waitUntil(async () => said(app, 'housekeeping done').length >= before + 2);
  expect([await countSessions(app), await countInvitations()]).toEqual([5, 1]);
  await other.query('select pg_advisory_unlock($1)', [housekeepingLock]);
  await waitUntil(async () => (await countSessions(app)) === 2);
  await waitUntil(async () => (await countInvitations()) === 0);
});

test('a fault is logged and the next run comes all the same', async () => {
  const app = await start();
  await app.asOwner('alter function delete_expired_data rename to mislaid');
  await waitUntil(async () => said(app, 'housekeeping failed').length >= 2);
  await app.asOwner('alter function mislaid rename to delete_expired_data');
  await addSessions(app, 3);
  await waitUntil(async () => (await countSessions(app)) === 1);
});

test('with an interval of 0 there is none in this process', async () => {
  const app = await start({ HOUSEKEEPING_INTERVAL_SECONDS: '0' });
  const busy = await start();
  await addSessions(app, 3);
  // By then the other one, which was started later, has long had its turn.
  await waitUntil(async () => said(busy, 'housekeeping done').length >= 2);
  expect(said(app, 'housekeeping')).toEqual([]);
  expect(await countSessions(app)).toBe(4);
});

test('a process that stops finishes the step it is at and begins no other', async () => {
  const app = await startBareApp({ HOUSEKEEPING_INTERVAL_SECONDS: '1' });
  await waitUntil(async () => said(app, 'housekeeping done').length >= 1);
  await app.close();
  const { length } = app.lines;
  expect(said(app, 'housekeeping failed')).toEqual([]);
  expect(app.lines).toHaveLength(length);
});
