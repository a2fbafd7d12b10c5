import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listTimeouts, sessionSettings } from '../../../src/db/session-settings.ts';
import {
  describePlace,
  formatPostgresUrl,
  type PostgresDefaults,
  PostgresUrlError,
  parsePostgresUrl,
} from '../../../src/lib/postgres-url.ts';

const local = 'postgresql://owner:secret@127.0.0.1:5432/tenantry';
const machine: PostgresDefaults = {
  env: {},
  systemUser: 'mary',
  findSocketFolder: () => '/var/run/postgresql',
};

describe('a URL in a form that libpq documents', () => {
  test.each([
    ['postgresql://owner:secret@/tenantry?host=/var/run/postgresql', '/var/run/postgresql', 5432],
    ['postgresql://owner:secret@%2Frun%2Fpg/tenantry', '/run/pg', 5432],
    ['postgresql://owner:secret@%2Frun%2Fpg:5433/tenantry', '/run/pg', 5433],
    ['postgresql://owner:secret@localhost/tenantry?host=/cloudsql/a:b:c', '/cloudsql/a:b:c', 5432],
    ['postgres://owner:secret@db.example:6432/tenantry', 'db.example', 6432],
    ['postgresql://owner:secret@[::1]/tenantry', '::1', 5432],
    ['postgresql://owner:secret@[2001:db8::5]:5433/tenantry', '2001:db8::5', 5433],
    ['postgresql://owner:secret@[fe80::1%25eth0]/tenantry', 'fe80::1%eth0', 5432],
    ['postgresql://db.example/tenantry?user=owner&password=secret&port=7000', 'db.example', 7000],
    ['postgresql://db/?user=owner&password=secret&dbname=tenantry', 'db', 5432],
    ['  postgresql://owner:secret@db/tenantry\n', 'db', 5432],
  ])('%s is read', (url, host, port) => {
    const address = parsePostgresUrl(url);
    expect(address).toMatchObject({ user: 'owner', password: 'secret', host, port });
    expect(address.database).toBe('tenantry');
  });

  test.each([
    ['postgresql://owner:p%40%25%3A%2Fss@db/x', 'p@%:/ss'],
    ['postgresql://owner:a:b?c#d@db/x', 'a:b?c#d'],
    ['postgresql://owner:p%C3%A4ss wort@db/x', 'päss wort'],
    ['postgresql://owner:a+b@db/x', 'a+b'],
    ['postgresql://owner@db/x', null],
    ['postgresql://owner:@db/x', null],
  ])('the password of %s is read as psql reads it', (url, password) => {
    expect(parsePostgresUrl(url).password).toBe(password);
  });

  test('parts that the URL omits come from the machine', () => {
    expect(parsePostgresUrl('postgresql:///', machine)).toEqual({
      user: 'mary',
      password: null,
      host: '/var/run/postgresql',
      port: 5432,
      database: 'mary',
      parameters: {},
    });
    const elsewhere = { ...machine, findSocketFolder: () => null };
    expect(parsePostgresUrl('postgresql://', elsewhere).host).toBe('localhost');
  });

  test('libpq variables fill gaps and never override the URL', () => {
    const env = {
      PGHOST: 'db.example',
      PGPORT: '6000',
      PGUSER: 'pat',
      PGPASSWORD: 'of pat',
      PGDATABASE: 'people',
      PGSSLMODE: 'verify-full',
      PGAPPNAME: 'mine',
    };
    expect(parsePostgresUrl('postgresql:///', { ...machine, env })).toEqual({
      user: 'pat',
      password: 'of pat',
      host: 'db.example',
      port: 6000,
      database: 'people',
      parameters: { sslmode: 'verify-full', application_name: 'mine' },
    });
    const written = parsePostgresUrl(`${local}?sslmode=disable`, { ...machine, env });
    expect(written).toMatchObject({ user: 'owner', host: '127.0.0.1', port: 5432 });
    expect(written.parameters).toEqual({ application_name: 'mine' });
    const quiet = { ...machine, env: { PGSSLMODE: 'prefer' } };
    expect(() => parsePostgresUrl(local, quiet)).toThrow('it comes from PGSSLMODE');
    expect(parsePostgresUrl(`${local}?ssl=true`, quiet).parameters.sslmode).toBe('verify-full');
  });
});

describe('TLS', () => {
  test.each([
    ['sslmode=disable', {}],
    ['sslmode=disable&sslrootcert=/ca.pem', {}],
    ['sslmode=no-verify', { sslmode: 'no-verify' }],
    ['sslmode=require', { sslmode: 'verify-full' }],
    ['sslmode=require&sslrootcert=/ca.pem', { sslmode: 'verify-ca', sslrootcert: '/ca.pem' }],
    ['sslmode=require&uselibpqcompat=true', { sslmode: 'no-verify' }],
    ['sslmode=verify-full', { sslmode: 'verify-full' }],
    ['sslmode=verify-full&sslrootcert=system', { sslmode: 'verify-full', sslrootcert: 'system' }],
    ['sslrootcert=system', { sslmode: 'verify-full', sslrootcert: 'system' }],
    ['sslmode=verify-ca&sslrootcert=/ca.pem', { sslmode: 'verify-ca', sslrootcert: '/ca.pem' }],
    ['ssl=true', { sslmode: 'verify-full' }],
    ['ssl=no-verify', { sslmode: 'no-verify' }],
    ['ssl=0', {}],
    ['ssl=true&sslmode=no-verify', { sslmode: 'no-verify' }],
  ])('%s is applied', (query, parameters) => {
    expect(parsePostgresUrl(`${local}?${query}`).parameters).toEqual(parameters);
  });

  test('TLS parameters are ignored for a socket', () => {
    const url = 'postgresql://owner@/x?host=/run/pg&sslmode=verify-full&channel_binding=prefer';
    expect(parsePostgresUrl(url).parameters).toEqual({});
  });
});

describe('parameters', () => {
  test.each([
    ['schema=public&pgbouncer=true&gssencmode=prefer&client_encoding=UTF8', {}],
    ['target_session_attrs=read-write&load_balance_hosts=disable&channel_binding=disable', {}],
    ['connect_timeout=3&application_name=mine', { connect_timeout: '3', application_name: 'mine' }],
    ['keepalives=0&keepalives_idle=30', { keepalives: '0', keepalives_idle: '30' }],
    ['options=-c work_mem=8MB --geqo=off', { options: '-c work_mem=8MB --geqo=off' }],
    ['options=-c+work_mem%3D8MB', { options: '-c work_mem=8MB' }],
    ['options=endpoint%3Dep-cool-1', { options: 'endpoint=ep-cool-1' }],
  ])('%s is applied', (query, parameters) => {
    expect(parsePostgresUrl(`${local}?${query}`).parameters).toEqual(parameters);
  });

  test.each([
    ['sslmode=prefer', 'sslmode=verify-full, or sslmode=disable'],
    ['sslmode=allow', 'sslmode=verify-full, or sslmode=disable'],
    ['sslmode=on', 'write disable, no-verify, require, verify-ca or verify-full'],
    ['sslmode=verify-ca', 'sslrootcert=/path/of/ca.pem'],
    ['sslmode=require&sslrootcert=system', 'sslmode=verify-full'],
    ['sslmode=no-verify&sslrootcert=/ca.pem', 'sslmode=verify-full'],
    ['sslrootcert=/ca.pem', 'write sslmode=verify-full'],
    ['sslnegotiation=direct', 'write sslmode=verify-full'],
    ['sslmode=verify-full&sslcert=/c.pem', 'sslcert and sslkey both'],
    ['ssl=true&sslmode=disable', 'leave ssl out'],
    ['channel_binding=require', 'channel_binding=prefer'],
    ['gssencmode=require', 'leave gssencmode out'],
    ['schema=auth', 'a database of their own'],
    ['connection_limit=5', 'DATABASE_POOL_SIZE'],
    ['pool_timeout=5', 'DATABASE_ACQUIRE_TIMEOUT_MS'],
    ['statement_timeout=5', 'DATABASE_STATEMENT_TIMEOUT_MS'],
    ['options=-c search_path=auth', 'tables are in the schema public'],
    ['options=-csearch_path=auth', 'tables are in the schema public'],
    ['options=--Search-Path=auth', 'tables are in the schema public'],
    ['options=-c statement_timeout=5', 'DATABASE_STATEMENT_TIMEOUT_MS'],
    ['options=-c tenantry.user_id=x', 'must not set tenantry.user_id'],
    ['options=-c role=postgres', 'must not set role'],
    ['options=-d 5', 'only -c name=value'],
    ['target_session_attrs=standby', 'always the primary'],
    ['hostaddr=127.0.0.1', 'as the host'],
    ['service=mine', 'into the URL'],
    ['toString=1', 'Known are host, port'],
    ['__proto__=1', 'Known are host, port'],
    ['sslmod=require', 'parameter "sslmod", which is not known. Known are host, port'],
    ['application_name', 'name=value'],
    ['connect_timeout=1&connect_timeout=2', 'twice'],
  ])('%s is rejected with advice', (query, advice) => {
    expect(() => parsePostgresUrl(`${local}?${query}`)).toThrow(advice);
  });
});

test('options cannot change a setting that the service relies on', () => {
  for (const name of Object.keys({ ...sessionSettings, ...listTimeouts(1) })) {
    expect(() => parsePostgresUrl(`${local}?options=-c ${name}=x`), name).toThrow(name);
  }
});

describe('an invalid URL', () => {
  test.each([
    ['host=localhost dbname=x', 'must be a URL such as'],
    ['"postgresql://owner:hunter2@db/x"', 'must be a URL such as'],
    ['mysql://owner:hunter2@db/x', 'must be a URL such as'],
    ['postgresql://owner:hunter%ss@db/x', 'percent-encode the password'],
    ['postgresql://own%er:hunter2@db/x', 'percent-encode the user'],
    ['postgresql://owner:hunter%ff2@db/x', 'UTF-8'],
    ['postgresql://owner:hunter%002@db/x', 'UTF-8'],
    ['postgresql://owner:hunter@2@db/x', '%40'],
    ['postgresql://owner:hunter/2@db/x', '%2F'],
    ['postgresql://owner:hunter/2?x=1@db/x', '%2F'],
    ['postgresql://owner:hunter2@a:5432,b:5432/x?target_session_attrs=read-write', 'one host'],
    ['postgresql://owner:hunter2@/x?host=a,b', 'one host'],
    ['postgresql://owner:hunter2@db:0/x', 'a port from 1 to 65535'],
    ['postgresql://owner:hunter2@db:99999/x', 'a port from 1 to 65535'],
    ['postgresql://owner:hunter2', 'a port from 1 to 65535'],
    ['postgresql://owner:hunter2@d b/x', 'host name'],
    ['postgresql://owner:hunter2@[::1/x', 'host name'],
    ['postgresql://owner:hunter2@[zz]/x', 'host name'],
    ['postgresql://db/x', 'must have a user'],
  ])('%s is rejected without its password being shown', (url, advice) => {
    const message = catchMessage(url);
    expect(message).toContain(advice);
    expect(message).not.toMatch(/hunter|\n/);
  });

  test('any text is read as an address or rejected with an error of one line', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('@', ':', '/', '?', '&', '=', '%', '%2F', '[', ']', ',', '#', '+', ' ', '\n'),
      fc.constantFrom('sslmode=', 'require', 'host=', '/run/pg', '[::1]', ':5432', 'options=-c '),
      fc.constantFrom('__proto__=1', 'constructor=', 'sslrootcert=', 'user=', 'dbname='),
    );
    const tail = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(tail, fc.boolean(), (text, isUrl) => {
        const url = isUrl ? `postgresql://${text}` : text;
        const read = readSafely(url);
        if (read instanceof PostgresUrlError) expect(read.message).not.toMatch(/\p{Cc}/u);
        // A formatted URL is parsed as the same address, and is valid by WHATWG.
        else {
          const complete = formatPostgresUrl(read);
          expect(parsePostgresUrl(complete)).toEqual(read);
          expect(URL.canParse(complete)).toBe(true);
          expect(describePlace(read)).toContain(String(read.port));
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

function readSafely(url: string) {
  try {
    return parsePostgresUrl(url, machine);
  } catch (error) {
    if (error instanceof PostgresUrlError) return error;
    throw error;
  }
}

function catchMessage(url: string): string {
  try {
    parsePostgresUrl(url);
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof PostgresUrlError ? error.message : String(error);
  }
}
