import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Environment, runTenantry, startServing } from '../cli/fixture.ts';
import { runAt } from '../support/bare-app.ts';
import { waitUntil } from '../support/child.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { startCrashingCluster } from '../support/crashing-cluster.ts';
import { startStandby } from '../support/standby.ts';
import {
  type Certificate,
  certifiedDatabase,
  pathOfTls,
  startTlsCluster,
  type TlsCluster,
} from '../support/tls-cluster.ts';

// DATABASE_URL in the forms of other programs and hosting providers, with a PostgreSQL that has TLS and a socket. The
// server and a command apply it alike, or fail with one line of advice.

let cluster: TlsCluster;
let hostedUrl: string;
let certifiedUrl: string;

beforeAll(async () => {
  cluster = await startTlsCluster();
  hostedUrl = await cluster.createDatabase('hosted');
  certifiedUrl = await cluster.createDatabase(certifiedDatabase);
});
afterAll(() => cluster.close());

const common = {
  TENANTRY_SECRET: 'a secret that only the tests know',
  DEMO: 'off',
  LOG_LEVEL: 'warn',
  PORT: '0',
};

const authority = `sslrootcert=${pathOfTls('authority.pem')}`;
const selfSigned = `sslrootcert=${pathOfTls('self-signed.pem')}`;
const client = `sslcert=${pathOfTls('client.pem')}`;

/** The one line that both `serve` and a command print before they exit. It contains no secret. */
async function readRejection(environment: Environment): Promise<string> {
  const results = await Promise.all(
    [['serve'], ['tenant', 'list']].map((args) => runTenantry(args, { ...common, ...environment })),
  );
  for (const { code, stdout, stderr } of results) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr.length).toBeLessThan(600);
    expect(stderr).not.toMatch(/BEGIN CERT|Buffer|node:|^\s+at /m);
    for (const url of [environment.DATABASE_URL, environment.DATABASE_APP_URL]) {
      const password = /\/\/[^:]*:([^@]+)@/.exec(url ?? '')?.[1];
      if (password) expect(stderr).not.toContain(password);
    }
  }
  const [serveLine, commandLine] = results.map(({ stderr }) => stderr.trim());
  expect(commandLine).toBe(serveLine);
  return serveLine ?? '';
}

/** Serves until it is ready, then runs a command. Returns whether the server's connections are encrypted. */
async function serveOnce(environment: Environment): Promise<{ encrypted: boolean }> {
  const server = await startServing({ ...common, ...environment });
  try {
    // On a busy machine the first probe may time out.
    await waitUntil(async () => (await fetch(`${server.url}/readyz`)).status === 200);
    const listed = await runTenantry(['tenant', 'list', '--json'], { ...common, ...environment });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    const { rows } = await runAt(
      cluster.throughSocket(hostedUrl),
      `select bool_and(ssl) as encrypted from pg_stat_ssl join pg_stat_activity using (pid)
       where usename like 'tenantry\\_app\\_%'`,
    );
    return rows[0];
  } finally {
    const { code, stdout, stderr } = await server.end('SIGTERM');
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: '' });
  }
}

describe('valid TLS', () => {
  test.each<[certificate: Certificate, query: string]>([
    ['server.pem', `sslmode=verify-full&${authority}`],
    ['server.pem', `sslmode=require&${authority}`],
    ['server.pem', `sslmode=verify-full&sslnegotiation=direct&${authority}`],
    ['elsewhere.pem', `sslmode=verify-ca&${authority}`],
    ['self-signed.pem', `sslmode=verify-full&${selfSigned}`],
    ['self-signed.pem', 'sslmode=no-verify'],
    ['self-signed.pem', 'sslmode=require&uselibpqcompat=true'],
  ])('with %s and %s is used by the server', async (certificate, query) => {
    await cluster.present(certificate);
    expect(await serveOnce({ DATABASE_URL: `${hostedUrl}?${query}` })).toEqual({ encrypted: true });
  });

  test("is configured by libpq's variables if the URL has no parameters", async () => {
    await cluster.present('server.pem');
    const variables = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: pathOfTls('authority.pem') };
    const served = await serveOnce({ DATABASE_URL: hostedUrl, ...variables });
    expect(served).toEqual({ encrypted: true });
  });

  test.each([
    ['a key', `sslkey=${pathOfTls('client.key')}`],
    ['a locked key', `sslkey=${pathOfTls('client-locked.key')}&sslpassword=heron`],
  ])('with a client certificate and %s replaces the password', async (_name, key) => {
    await cluster.present('server.pem');
    const url = new URL(certifiedUrl);
    url.password = '';
    const query = `sslmode=verify-full&${authority}&${client}&${key}`;
    expect(await serveOnce({ DATABASE_URL: `${url.href}?${query}` })).toEqual({ encrypted: true });
  });
});

describe('TLS that fails', () => {
  test.each<[name: string, certificate: Certificate, query: string, line: RegExp]>([
    [
      'a self-signed certificate with sslmode=require',
      'self-signed.pem',
      'sslmode=require',
      /certificate is signed by an unknown authority: .* sslrootcert=\S+, or set sslmode=no-verify/,
    ],
    [
      'a certificate of an unknown authority',
      'server.pem',
      'sslmode=verify-full',
      /signed by an unknown authority: .* sslrootcert=/,
    ],
    [
      'a certificate of an authority other than the configured one',
      'server.pem',
      `sslmode=verify-full&${selfSigned}`,
      /signed by an unknown authority: .* sslrootcert=/,
    ],
    [
      'a certificate for another host',
      'elsewhere.pem',
      `sslmode=verify-full&${authority}`,
      /certificate is not for the host 127\.0\.0\.1: use the name it was issued for, or sslmode=verify-ca/,
    ],
    [
      'no sslmode for a server that requires TLS',
      'server.pem',
      '',
      /no encryption.*: if it requires TLS, add sslmode=verify-full/,
    ],
    [
      'a file that does not exist',
      'server.pem',
      'sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
      /the file of sslrootcert, \/nowhere\/ca\.pem, does not exist/,
    ],
    [
      'a file that is not a certificate',
      'server.pem',
      `sslmode=verify-full&sslrootcert=${pathOfTls('README.md')}`,
      /is not in PEM format/,
    ],
    [
      'a folder in place of a file',
      'server.pem',
      `sslmode=verify-full&sslrootcert=${pathOfTls('.')}`,
      /is a directory: name the file in it/,
    ],
    [
      'a key in place of a certificate',
      'server.pem',
      `sslmode=verify-full&sslrootcert=${pathOfTls('client.key')}`,
      /signed by an unknown authority|cannot be used/,
    ],
    [
      'a locked key without its password',
      'server.pem',
      `sslmode=verify-full&${authority}&${client}&sslkey=${pathOfTls('client-locked.key')}`,
      /sslkey is encrypted and sslpassword is missing or wrong/,
    ],
    [
      'a key of another certificate',
      'server.pem',
      `sslmode=verify-full&${authority}&${client}&sslkey=${pathOfTls('server.key')}`,
      /sslkey is not the key of sslcert/,
    ],
  ])('because of %s is rejected with one line', async (_name, certificate, query, line) => {
    await cluster.present(certificate);
    const rejection = await readRejection({ DATABASE_URL: `${hostedUrl}?${query}` });
    expect(rejection).toMatch(/^error: DATABASE_URL: /);
    expect(rejection).toMatch(line);
  });

  test('because the server lacks TLS or requires a client certificate is rejected with advice', async () => {
    await cluster.present('server.pem');
    const plain = `${inject('clusterUrl')}?sslmode=verify-full`;
    expect(await readRejection({ DATABASE_URL: plain })).toMatch(/offers no TLS/);
    const bare = `${certifiedUrl}?sslmode=verify-full&${authority}`;
    expect(await readRejection({ DATABASE_URL: bare })).toMatch(
      /wants a client certificate: add sslcert=/,
    );
  });

  test('a wrong password is rejected over TLS with the name of the user', async () => {
    const url = new URL(hostedUrl);
    url.password = 'not-this-one';
    const environment = { DATABASE_URL: `${url.href}?sslmode=verify-full&${authority}` };
    expect(await readRejection(environment)).toMatch(/rejects the password of the user "postgres"/);
  });
});

test('a certificate that becomes invalid while the server runs is logged without its bytes, and the server recovers', async () => {
  await cluster.present('server.pem');
  const server = await startServing({
    ...common,
    LOG_LEVEL: 'trace',
    LOG_FORMAT: 'json',
    DATABASE_URL: `${hostedUrl}?sslmode=verify-full&${authority}`,
  });
  const readReadiness = async () => (await fetch(`${server.url}/readyz`)).status;
  try {
    await cluster.present('elsewhere.pem');
    const logged = server.waitForText(/ERR_TLS_CERT_ALTNAME_INVALID/);
    await runAt(
      cluster.throughSocket(hostedUrl),
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await logged;
    await waitUntil(async () => (await readReadiness()) === 503);
    await cluster.present('server.pem');
    await waitUntil(async () => (await readReadiness()) === 200);
  } finally {
    const { code, stdout, stderr } = await server.end('SIGTERM');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(
      /"raw"|"pubkey"|"fingerprint|Buffer|BEGIN CERTIFICATE|unable to serialize/,
    );
  }
});

describe('a socket', () => {
  test.each<[form: string, build: (url: URL, folder: string) => string]>([
    [
      '?host=/folder',
      ({ username, password, port }, folder) =>
        `postgresql://${username}:${password}@/hosted?host=${folder}&port=${port}`,
    ],
    [
      '?host=/folder behind localhost, with sslmode',
      ({ username, password, port }, folder) =>
        `postgresql://${username}:${password}@localhost:${port}/hosted?host=${folder}&sslmode=require`,
    ],
    [
      '%2Ffolder as the host',
      ({ username, password, port }, folder) =>
        `postgresql://${username}:${password}@${encodeURIComponent(folder)}:${port}/hosted`,
    ],
  ])('in the form %s works for the server and its serving login', async (_form, build) => {
    const url = build(new URL(hostedUrl), cluster.socketFolder);
    expect(await serveOnce({ DATABASE_URL: url })).toEqual({ encrypted: false });
  });

  test('that does not exist is rejected with its path', async () => {
    const url = 'postgresql://owner:hunter2@/tenantry?host=/nowhere/run';
    const line = /there is no socket \/nowhere\/run\/\.s\.PGSQL\.5432: /;
    expect(await readRejection({ DATABASE_URL: url })).toMatch(line);
  });
});

describe('an unusable URL', () => {
  const withTail = (tail: string) => `postgresql://owner:hunter2@127.0.0.1:5432/tenantry${tail}`;
  test.each([
    [
      'a raw % in the password',
      'postgresql://owner:pa%ss@127.0.0.1:5432/x',
      /percent-encode the password/,
    ],
    [
      'schema=',
      withTail('?schema=auth&connection_limit=5'),
      /schema=auth: .*a database of their own/,
    ],
    ['connection_limit=', withTail('?connection_limit=5'), /DATABASE_POOL_SIZE/],
    ['options= with search_path', withTail('?options=-c search_path=auth'), /schema public/],
    [
      'several hosts',
      'postgresql://owner:hunter2@a:5432,b:5432/tenantry?target_session_attrs=read-write',
      /must name one host: .* always leads to the primary/,
    ],
    [
      'an unknown parameter',
      withTail('?sslmod=require'),
      /"sslmod", which is not known\. Known are host/,
    ],
    [
      'sslmode=prefer',
      withTail('?sslmode=prefer'),
      /write sslmode=verify-full, or sslmode=disable/,
    ],
  ])('with %s is rejected with one line of advice', async (_name, url, line) => {
    expect(await readRejection({ DATABASE_URL: url })).toMatch(line);
  });

  test.each(['DATABASE_APP_URL', 'DATABASE_DIRECT_URL'])(
    'in %s is rejected with the name of that variable',
    async (name) => {
      const others = { DATABASE_URL: withTail('') };
      const bad = 'postgresql://owner:pa%ss@127.0.0.1:5432/x';
      const rejection = await readRejection({ ...others, [name]: bad });
      expect(rejection).toContain(`${name} must not have a raw % in its password`);
    },
  );
});

test('a standby is rejected with the advice to use the primary', async () => {
  const primary = await startCrashingCluster();
  const standby = await startStandby(primary);
  try {
    await standby.catchUp();
    const { code, stdout, stderr } = await runTenantry(['serve'], {
      ...common,
      DATABASE_URL: standby.ownerUrl,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/is a standby, or read-only\. Use the URL of the primary/);
  } finally {
    await standby.close();
    await primary.database.drop();
  }
});

test('a search_path of the database is ignored', async () => {
  const database = await createTestDatabase();
  try {
    const name = new URL(database.ownerUrl).pathname.slice(1);
    await runAt(database.ownerUrl, `alter database ${name} set search_path = elsewhere`);
    const listed = await runTenantry(['tenant', 'list', '--json'], {
      ...common,
      DATABASE_URL: `${database.ownerUrl}?schema=public`,
    });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await database.drop();
  }
});
