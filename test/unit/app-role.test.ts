import { expect, test } from 'vitest';
import { fillRoles, nameRoles, plainNames } from '../../src/db/roles.ts';
import {
  buildAppPassword,
  buildAppUrl,
  buildScramVerifier,
} from '../../src/db/serving/app-role.ts';

test('the serving login differs from the owner in name and password only', () => {
  const owner = 'postgresql://boss:p%40ss@db:5433/tenantry?sslmode=verify-full';
  const url = new URL(buildAppUrl(owner, 'tenantry_app_tenantry'));
  expect(url.username).toBe('tenantry_app_tenantry');
  expect(url.password).toBe(
    buildAppPassword('postgresql://other:p%40ss@elsewhere/x', 'tenantry_app_tenantry'),
  );
  expect(url.host + url.pathname + url.search).toBe('db:5433/tenantry?sslmode=verify-full');
});

test('each owner password and each database has a serving password of its own', () => {
  const passwords = [
    buildAppPassword('postgresql://boss:a@db/x', 'tenantry_app_x'),
    buildAppPassword('postgresql://boss@db/x', 'tenantry_app_x'),
    buildAppPassword('postgresql://boss:a@db/y', 'tenantry_app_y'),
  ];
  expect(new Set(passwords).size).toBe(3);
});

test('a URL of a socket carries the serving login like any other URL', () => {
  const owner = 'postgresql://boss:pw@/tenantry?host=/run/postgresql';
  const url = new URL(buildAppUrl(owner, 'tenantry_app_tenantry'));
  expect([url.username, url.hostname]).toEqual(['tenantry_app_tenantry', '%2Frun%2Fpostgresql']);
});

test('role names are unique per database, at most 63 bytes and need no quotes', () => {
  expect(nameRoles('tenantry')).toEqual({
    app: 'tenantry_app_tenantry',
    definer: 'tenantry_definer_tenantry',
  });
  const databases = [
    'My App',
    'my app',
    'my_app',
    'Äpfel',
    `${'x'.repeat(46)}y`,
    `${'x'.repeat(63)}`,
  ];
  databases.push('x'.repeat(46), 'a"; drop', 'a-b', 'a.b');
  const names = databases.map((database) => nameRoles(database).definer);
  expect(new Set(names).size).toBe(databases.length);
  for (const name of names) expect(name).toMatch(/^tenantry_definer_[a-z0-9_]{1,46}$/);
});

test('role placeholders are replaced by the names of a database and back, and longer names are unchanged', () => {
  const roles = nameRoles('one');
  const sql = "grant select on t to tenantry_app, tenantry_definer; comment 'tenantry_app_name'";
  const filled = fillRoles(sql, roles);
  expect(filled).toBe(
    "grant select on t to tenantry_app_one, tenantry_definer_one; comment 'tenantry_app_name'",
  );
  expect(plainNames(filled, roles)).toBe(sql);
});

test('the SCRAM verifier equals the example of RFC 7677', () => {
  // The RFC's example: user "user", password "pencil", 4096 rounds.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  expect(buildScramVerifier('pencil', salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:' +
      'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});
