import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { completeSize, createPlan } from '../../src/cli/seed/plan.ts';
import { withOperator } from '../../src/db/operator.ts';
import { runTenantry } from '../cli/fixture.ts';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { createEmptyDatabase } from '../support/cluster.ts';

/** Runs `tenantry seed` on a database and returns the JSON it prints. */
async function seed(ownerUrl: string, args: string[], environment: Record<string, string> = {}) {
  const env = { DATABASE_URL: ownerUrl, ...environment };
  const { code, stdout, stderr } = await runTenantry(['seed', '--json', ...args], env);
  if (code !== 0) throw new Error(`seed ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

describe('a bulk seed', () => {
  let app: BareApp;
  // biome-ignore lint/suspicious/noExplicitAny: JSON as it was printed.
  let made: any;
  beforeAll(async () => {
    app = await startBareApp();
    made = await seed(app.ownerUrl, ['--users', '2000', '--tenants', '40', '--sessions', '1500']);
  });
  afterAll(() => app.close());

  async function look<Row extends object>(sql: string): Promise<Row> {
    const { rows } = await app.asOwner(sql);
    return rows[0];
  }

  test('makes exactly what it says', async () => {
    const counts = await look(`select
      (select count(*)::int from users) as users, (select count(*)::int from tenants) as tenants,
      (select count(*)::int from user_tenants) as memberships,
      (select count(*)::int from sessions) as sessions`);
    const { users, tenants, memberships, sessions } = made;
    expect(counts).toEqual({ users, tenants, memberships, sessions });
    expect(counts).toMatchObject({ users: 2000, tenants: 40, sessions: 1500 });
  });

  test('leaves every tenant consistent: counted right, owned, with the built-in roles', async () => {
    const [faults] = await findFaults(app.ownerUrl);
    expect(faults).toEqual({ counts: 0, ownerless: 0, roles: 0 });
  });

  test('looks like life: one large tenant, all roles, sign-ins over a year', async () => {
    const seen = await look<{ share: number; roles: string[]; days: number; names: number }>(`select
      (select max(member_count)::float8 / sum(member_count) from tenants) as share,
      (select array_agg(distinct r.key order by r.key) from membership_roles mr
        join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id) as roles,
      (select extract(day from max(last_sign_in_at) - min(last_sign_in_at))::int from users) as days,
      (select count(distinct name)::int from users) as names`);
    expect(seen.share).toBeGreaterThan(0.03);
    expect(seen.share).toBeLessThan(0.08);
    expect(seen.roles).toEqual(['admin', 'member', 'owner', 'viewer']);
    expect(seen.days).toBeGreaterThan(330);
    expect(seen.names).toBeGreaterThan(1_500);
  });

  test('makes people who can sign in with the password it prints', async () => {
    const { data } = await app.ask(
      `mutation ($email: String!, $password: String!) {
        signIn(input: { email: $email, password: $password }) {
          ... on SignInSuccess { user { email } } ... on Error { code } } }`,
      { variables: { email: made.sampleEmails[0], password: made.password } },
    );
    expect(data.signIn).toEqual({ user: { email: made.sampleEmails[0] } });
  });

  test('adds others when it runs again, with nobody able to sign in where it is production', async () => {
    const args = ['--users', '30', '--tenants', '60'];
    const production = { NODE_ENV: 'production', TENANTRY_SECRET: 's'.repeat(40) };
    await expect(seed(app.ownerUrl, args, production)).rejects.toThrow(/only with --yes/);
    const again = await seed(app.ownerUrl, [...args, '--yes'], production);
    expect(again).toMatchObject({ run: 2, users: 30, tenants: 60, sessions: 30, password: null });
    const { users } = await look<{ users: number }>('select count(*)::int as users from users');
    expect(users).toBe(2030);
  });
});

test('an owner that is no superuser can seed, and the same settings give the same people', async () => {
  const [one, two] = [await createEmptyDatabase(), await createEmptyDatabase()];
  onTestFinished(async () => {
    await one.drop();
    await two.drop();
    await asAdmin('drop role seed_owner');
  });
  const name = new URL(one.ownerUrl).pathname.slice(1);
  await asAdmin(`create role seed_owner login createrole password 'seed_owner'`);
  await asAdmin(`alter database ${name} owner to seed_owner`);
  const owned = new URL(one.ownerUrl);
  [owned.username, owned.password] = ['seed_owner', 'seed_owner'];
  const args = ['--users', '200', '--tenants', '10'];
  await seed(owned.href, args);
  await seed(two.ownerUrl, args);
  const people = await listEmails(one.ownerUrl);
  expect(people).toHaveLength(200);
  expect(await listEmails(two.ownerUrl)).toEqual(people);
  expect(await findFaults(one.ownerUrl)).toEqual([{ counts: 0, ownerless: 0, roles: 0 }]);
});

test('the demo is made once, whole, and only where it may be', async () => {
  const database = await createEmptyDatabase();
  onTestFinished(() => database.drop());
  for (const refused of [{}, { HOST: '0.0.0.0' }]) {
    await expect(seed(database.ownerUrl, [], refused)).rejects.toThrow(/is off here/);
  }
  const first = await seed(database.ownerUrl, [], { DEMO: 'on' });
  expect(first).toMatchObject({ demo: 'made' });
  expect(first.accounts).toContainEqual({
    email: 'ada@acme.example',
    password: 'demo-password-for-ada',
    title: 'owner of Acme',
  });
  expect(await seed(database.ownerUrl, [], { DEMO: 'on' })).toMatchObject({ demo: 'present' });
  const emails = await listEmails(database.ownerUrl);
  expect(emails).toHaveLength(first.accounts.length);
  const [facts] = await withOperator(database.ownerUrl, (operator) =>
    operator.query(`select
      (select array_agg(slug || ' ' || member_count order by slug) from tenants) as tenants,
      (select array_agg(distinct r.key order by r.key) from membership_roles mr
        join roles r on r.id = mr.role_id) as roles,
      (select array_agg(email) from users where is_platform_admin) as admins,
      (select array_agg(u.email) from users u
        where 2 = (select count(*) from user_tenants m where m.user_id = u.id)) as "inBoth"`),
  );
  expect(facts).toEqual({
    tenants: ['acme 6', 'globex 5'],
    roles: ['admin', 'member', 'owner', 'viewer'],
    admins: ['root@tenantry.example'],
    inBoth: ['barbara@acme.example'],
  });
});

test.each([
  { users: 1, tenants: 1 },
  { users: 7, tenants: 20 },
  { users: 100, tenants: 1 },
  { users: 60, tenants: 50, memberships: 550 },
  { users: 1_000, tenants: 30, sessions: 2_500 },
])('a plan gives each tenant one founder and everybody a tenant at most once: %o', (asked) => {
  const size = completeSize(asked);
  const plan = createPlan(size);
  const founded: number[] = [];
  let [joined, sessions] = [0, 0];
  for (let user = 0; user < size.users; user += 1) {
    founded.push(...plan.listFounded(user));
    const mine = plan.listJoined(user);
    expect(new Set(mine).size).toBe(mine.length);
    joined += mine.length;
    sessions += plan.countSessions(user);
  }
  expect(founded.sort((a, b) => a - b)).toEqual(Array.from({ length: size.tenants }, (_, n) => n));
  expect({ memberships: founded.length + joined, sessions }).toEqual({
    memberships: size.memberships,
    sessions: size.sessions,
  });
});

test('what is copied arrives as it was, whatever is in it', async () => {
  const row = ['tab\there', 'line\nbreak\r', 'back\\slash \\N \\.', 'Zoë 🦉', null];
  const found = await withOperator(inject('clusterUrl'), async (operator) => {
    await operator.query('create temp table copied (a text, b text, c text, d text, e text)');
    await operator.copy('copied', [row]);
    return operator.query<Record<string, string | null>>('select * from copied');
  });
  expect(found.map((each) => Object.values(each))).toEqual([row]);
});

function listEmails(ownerUrl: string): Promise<string[]> {
  return withOperator(ownerUrl, async (operator) => {
    const rows = await operator.query<{ email: string }>('select email from users order by email');
    return rows.map(({ email }) => email);
  });
}

/** How many tenants are counted wrong, have no owner, or lack a built-in role. */
function findFaults(ownerUrl: string) {
  return withOperator(ownerUrl, (operator) =>
    operator.query(`select
      count(*) filter (where member_count <> (
        select count(*) from user_tenants m where m.tenant_id = t.id and m.is_active))::int as counts,
      count(*) filter (where not exists (
        select from user_tenants m join users u on u.id = m.user_id and u.status = 'active'
        join membership_roles mr on mr.tenant_id = m.tenant_id and mr.membership_id = m.id
        join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id and r.key = 'owner'
        where m.tenant_id = t.id and m.is_active))::int as ownerless,
      count(*) filter (where 4 <> (
        select count(*) from roles r where r.tenant_id = t.id and r.is_built_in))::int as roles
      from tenants t`),
  );
}

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('clusterUrl') });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}
