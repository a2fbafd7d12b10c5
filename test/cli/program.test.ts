import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildClientSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { createEmptyDatabase } from '../support/cluster.ts';
import { runTenantry } from './fixture.ts';

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

test.each([
  [['serv'], /unknown command 'serv'[\s\S]*Did you mean serve/],
  [['serve', '--port', '1'], /unknown option '--port'/],
  [['admin', 'create'], /required option '--email <address>'/],
  [['admin', 'create', '--email', 'nobody'], /"email" must contain exactly one @/],
  [['seed', '--users', '-1'], /must be a whole number from 1/],
  [['seed', '--tenants', '3'], /Say how many with --users/],
  [['seed', '--users', '9', '--tenants', '3', '--memberships', '22'], /there can be 3 to 21/],
  [['tenant', 'create', '--name', 'Labs'], /required option '--owner <user>'/],
  [['tenant', 'list', '--limit', 'all'], /must be a whole number from 1/],
  [['user', 'erase', 'mary@example.com'], /no terminal to confirm this at: give --yes/],
  [[], /Usage: tenantry/],
])('an invalid call ends with 2 and the reason: %j', async (args, reason) => {
  const { code, stdout, stderr } = await runTenantry(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(reason);
});

test.each([
  [['--help']],
  [['serve', '--help']],
  [['migrate', '--help']],
  [['seed', '--help']],
  [['admin', '--help']],
  [['admin', 'create', '--help']],
  [['schema', '--help']],
  [['tenant', '--help']],
  [['tenant', 'delete', '--help']],
  [['user', '--help']],
  [['user', 'erase', '--help']],
  [['user', 'import', '--help']],
  [['user', 'export', '--help']],
  [['session', '--help']],
  [['key', 'create', '--help']],
  [['invite', '--help']],
  [['audit', '--help']],
  [['audit', 'tail', '--help']],
  [['audit', 'export', '--help']],
  [['audit', 'verify', '--help']],
])('help shows the usage with an example: %j', async (args) => {
  const { code, stdout, stderr } = await runTenantry(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: tenantry[\s\S]*Examples?:\n {2}\$ /);
});

test('version and schema match the source', async () => {
  const { version } = JSON.parse(await readFile(atRoot('package.json'), 'utf8'));
  expect(await runTenantry(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  const printed = await readFile(atRoot('src/schema.graphql'), 'utf8');
  expect((await runTenantry(['schema'])).stdout).toBe(printed);
  const { data } = JSON.parse((await runTenantry(['schema', '--json'])).stdout);
  const again = printSchema(lexicographicSortSchema(buildClientSchema(data)));
  expect(`${again}\n`).toBe(printed);
});

test('an invalid setting ends a command with 1, and its secret is not printed', async () => {
  const environment = { DATABASE_URL: 'mysql://owner:secret@localhost/tenantry' };
  const { code, stdout, stderr } = await runTenantry(['migrate'], environment);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: One setting is invalid: DATABASE_URL must be/);
  expect(stderr).not.toContain('secret');
});

test('migrate lists the applied migrations, and none the second time', async () => {
  const database = await createEmptyDatabase();
  try {
    const migrate = async () => {
      const { code, stdout } = await runTenantry(['migrate', '--json'], {
        DATABASE_URL: database.ownerUrl,
      });
      return { code, ...JSON.parse(stdout) };
    };
    const first = await migrate();
    expect(first).toMatchObject({ code: 0 });
    expect(first.applied).toContain('001_core_schema');
    expect(await migrate()).toEqual({ code: 0, applied: [] });
  } finally {
    await database.drop();
  }
});

describe('admin create', () => {
  let app: BareApp;
  beforeAll(async () => {
    app = await startBareApp();
  });
  afterAll(() => app.close());

  const create = (args: string[], input = '') =>
    runTenantry(['admin', 'create', ...args], { DATABASE_URL: app.ownerUrl }, input);
  const password = 'a heron over the pond';
  const send = async (mutation: string, email: string) => {
    const { data } = await app.ask(
      `mutation ($email: String!, $password: String!) {
        ${mutation}(input: { email: $email, password: $password }) {
          __typename ... on Error { code }
          ... on ${mutation === 'signIn' ? 'SignInSuccess' : 'SignUpSuccess'} { token } } }`,
      { variables: { email, password } },
    );
    return data[mutation];
  };
  const isAdmin = async (token: string) => {
    const { data } = await app.ask('{ viewer { isPlatformAdmin } }', { token });
    return data.viewer === null ? null : data.viewer.isPlatformAdmin;
  };

  const listAuditLog = async (email: string) => {
    const { rows } = await app.asOwner(
      `select e.action, e.actor_id, e.changes from audit_events e join users u on u.id = e.chain_id
       where u.email = '${email}' and e.action like 'platform_admin.%'`,
    );
    return rows;
  };

  test('creates a platform admin who can sign in', async () => {
    const email = 'op@firm.example';
    const args = ['--email', 'Op@Firm.example', '--name', 'Olga Petrova', '--password-stdin'];
    const { code, stdout } = await create([...args, '--json'], `${password}\n`);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, email, outcome: 'created' });
    expect(await isAdmin((await send('signIn', email)).token)).toBe(true);
    const again = await create([...args, '--json'], 'another password entirely\n');
    expect({ code: again.code, ...JSON.parse(again.stdout) }).toMatchObject({
      code: 0,
      outcome: 'unchanged',
    });
    expect(await send('signIn', email)).toMatchObject({ __typename: 'SignInSuccess' });
    expect(await listAuditLog(email)).toEqual([
      { action: 'platform_admin.created', actor_id: null, changes: {} },
    ]);
  });

  test('promotes an existing user only with --yes, and ends their sessions', async () => {
    const email = 'climber@firm.example';
    const { token } = await send('signUp', email);
    const rejected = await create(['--email', email]);
    expect(rejected).toMatchObject({ code: 1, stdout: '' });
    expect(rejected.stderr).toMatch(/exists: make it a platform admin with --yes/);
    expect(await isAdmin(token)).toBe(false);
    const { code } = await create(['--email', email, '--yes']);
    expect(code).toBe(0);
    expect(await isAdmin(token)).toBeNull();
    expect(await isAdmin((await send('signIn', email)).token)).toBe(true);
    expect(await listAuditLog(email)).toEqual([
      {
        action: 'platform_admin.promoted',
        actor_id: null,
        changes: { isPlatformAdmin: [false, true], sessions: [1, 0] },
      },
    ]);
  });

  test('rejects a password that sign-up would reject, and creates no user', async () => {
    const args = ['--email', 'weak@firm.example', '--password-stdin'];
    const { code, stdout, stderr } = await create(args, 'password1234567\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: "password" must .*\n$/);
    const { rows } = await app.asOwner(`select from users where email = 'weak@firm.example'`);
    expect(rows).toEqual([]);
  });

  test('applies the minimum password length of the settings', async () => {
    const email = 'short@firm.example';
    const { code, stderr } = await runTenantry(
      ['admin', 'create', '--email', ` ${email} `, '--password-stdin'],
      { DATABASE_URL: app.ownerUrl, PASSWORD_LENGTH_MIN: '40' },
      'a quiet harbour in the evening sun\n',
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: "password" must be at least 40 characters.\n',
    });
  });

  test('does not prompt without a terminal', async () => {
    const { code, stderr } = await create(['--email', 'silent@firm.example']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/give --password-stdin/);
  });
});
