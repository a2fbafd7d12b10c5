import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, inject, onTestFinished, test } from 'vitest';
import { ensureAppRole } from '../../src/db/serving/app-role.ts';
import { runAt } from '../support/bare-app.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/cluster.ts';
import { createDataDir, runTenantry, spawnTenantry, startServing } from './fixture.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const secret = 's'.repeat(40);

test('a command works on the embedded database of a running server, and leaves it running', async () => {
  const { dataDir, remove } = await createDataDir();
  closers.push(remove);
  const env = { TENANTRY_DATA_DIR: dataDir, NODE_ENV: 'development' };
  const server = await startServing(env);
  closers.push(() => server.end('SIGTERM'));
  const suspended = await runTenantry(['tenant', 'suspend', 'acme'], env);
  expect(suspended).toEqual({ code: 0, stdout: 'acme is suspended.\n', stderr: '' });
  const { data } = await server.ask(
    `mutation { signIn(input: { email: "ada@acme.example", password: "demo-password-for-ada",
       tenantSlug: "acme" }) { __typename } }`,
  );
  expect(data.signIn.__typename).not.toBe('SignInSuccess');
  await server.end('SIGTERM');
  // Without a server, the command starts and stops the database itself.
  const listed = await runTenantry(['tenant', 'list', '--status', 'suspended', '--json'], env);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(listed.stdout)).toMatchObject({ slug: 'acme', status: 'SUSPENDED' });
});

test('an owner without superuser is an operator, and the serving login is not', async () => {
  const database = await createEmptyDatabase();
  const owner = `operator_${randomBytes(4).toString('hex')}`;
  const asAdmin = (sql: string) => runAt(inject('clusterUrl'), sql);
  closers.push(() => asAdmin(`drop role ${owner}`), database.drop);
  await asAdmin(`create role ${owner} login createrole password 'owner'`);
  await asAdmin(`alter database ${new URL(database.ownerUrl).pathname.slice(1)} owner to ${owner}`);
  const url = new URL(database.ownerUrl);
  [url.username, url.password] = [owner, 'owner'];
  const env = { DATABASE_URL: url.href, TENANTRY_SECRET: secret };
  const password = 'a heron over the pond\n';
  expect(await runTenantry(['migrate'], env)).toMatchObject({ code: 0, stderr: '' });
  const args = ['admin', 'create', '--email', 'op@firm.example', '--password-stdin'];
  expect(await runTenantry(args, env, password)).toMatchObject({ code: 0, stderr: '' });
  const created = await runTenantry(
    ['tenant', 'create', '--name', 'Firm', '--owner', 'op@firm.example', '--json'],
    env,
  );
  expect(created).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(created.stdout)).toMatchObject({ slug: 'firm' });
  const { rows } = await runAt(
    await ensureAppRole(url.href),
    `select is_operator(), current_setting('tenantry.platform', true) as platform,
       enter_scope(null, null, true), (select count(*)::int from tenants) as tenants`,
  );
  expect(rows).toMatchObject([{ is_operator: false, tenants: 0 }]);
});

test('a command ends without an error when its output is closed', async () => {
  const database = await createTestDatabase();
  onTestFinished(database.drop);
  await runAt(
    database.ownerUrl,
    `insert into tenants (slug, name) select 'heron-' || n, 'Heron ' || n from generate_series(1, 20000) n`,
  );
  const env = { DATABASE_URL: database.ownerUrl, TENANTRY_SECRET: secret };
  const child = spawnTenantry(['tenant', 'list', '--json'], env);
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  await once(child.stdout ?? child, 'data');
  child.stdout?.destroy();
  expect(await exited).toEqual([0, null]);
  expect(errors).toBe('');
});
