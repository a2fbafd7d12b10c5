import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { runTenantry } from './fixture.ts';

let app: BareApp;
let folder: string;
beforeAll(async () => {
  app = await startBareApp();
  await app.asOwner(
    `insert into users (email, name, locale, avatar_url, metadata, email_verified_at, status, created_at)
     select 'p' || n || '@crowd.example', 'Crowd ' || n, null, null, '{}', null, 'active', now()
     from generate_series(1, 6000) n`,
  );
  await app.asOwner(
    `insert into users (email, name, locale, avatar_url, metadata, email_verified_at, status, created_at)
     values ('odd@people.example', 'A "B", C', 'pt-BR', 'https://people.example/a,b.png',
       '{"a": ["b,c", "d\\"e"]}', now(), 'suspended', '2020-02-03T04:05:06.789Z'),
      ('formula@people.example', '=1+1', null, null, '{}', null, 'active', now())`,
  );
  const hash = await bcrypt('moved with the furniture', 5);
  await app.asOwner(
    `insert into password_credentials (user_id, password_hash)
     select id, $1 from users where email = 'formula@people.example'`,
    [hash],
  );
});
afterAll(() => app.close());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-export-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => path.join(folder, name);
const run = (args: string[], ownerUrl = app.ownerUrl) =>
  runTenantry(['user', ...args], { DATABASE_URL: ownerUrl });

const listUsers = `select email, name, locale, avatar_url, metadata,
    email_verified_at is not null as is_verified, status, date_trunc('milliseconds', created_at) as at,
    password_hash
  from users u left join password_credentials c on c.user_id = u.id order by email`;

test.each(['csv', 'ndjson'])('an export in %s can be imported without loss', async (format) => {
  const file = at(`people.${format}`);
  const exported = await run([
    'export',
    ...['--format', format, '--output', file, '--with-password-hashes'],
  ]);
  expect(exported).toMatchObject({ code: 0, stdout: '' });
  expect(exported.stderr).toMatch(/secrets[\s\S]*Wrote 6002 users/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const other = await startBareApp();
  try {
    const imported = await run(['import', file, '--json'], other.ownerUrl);
    expect({ code: imported.code, ...JSON.parse(imported.stdout) }).toMatchObject({
      code: 0,
      created: 6002,
      invalid: 0,
    });
    const [before, after] = [await app.asOwner(listUsers), await other.asOwner(listUsers)];
    expect(after.rows).toEqual(before.rows);
  } finally {
    await other.close();
  }
});

test('password hashes are exported only on request', async () => {
  const { code, stdout, stderr } = await run(['export']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'Wrote 6002 users.\n' });
  expect(stdout.split('\n')).toHaveLength(6004);
  expect(stdout).toMatch(/^email,name,locale,avatarUrl,metadata,emailVerified,status,createdAt\n/);
  expect(stdout).toContain('"A ""B"", C"');
  expect(stdout).not.toContain('$2');
});

test('the export of one user is one JSON document, and is recorded in their audit log', async () => {
  const { code, stdout } = await run(['export', 'Formula@People.example']);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 0,
    format: 'tenantry-personal-data/1',
    isComplete: true,
    user: { email: 'formula@people.example', name: '=1+1' },
    memberships: [],
    sessions: [],
  });
  expect(stdout).not.toContain('$2');
  const { rows } = await app.asOwner(
    `select e.action, e.actor_id from audit_events e join users u on u.id = e.chain_id
     where u.email = 'formula@people.example'`,
  );
  expect(rows).toEqual([{ action: 'user.data_exported', actor_id: null }]);
});

test.each([
  [['nobody@people.example'], 1, /There is no user nobody@people\.example/],
  [['nobody'], 1, /"email" must contain exactly one @/],
  [['odd@people.example', '--with-password-hashes'], 2, /never has password hashes/],
  [['--output', '/nowhere/people.csv'], 1, /cannot be written/],
  [['--output', '/dev/null'], 1, /cannot be written: EEXIST/],
])('the invalid export %j ends with the reason', async (args, code, reason) => {
  const ended = await run(['export', ...args]);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).toMatch(reason);
});
