import { expect, test } from 'vitest';
import { buildAppPassword, buildAppUrl, buildScramVerifier } from '../../src/db/app-role.ts';

test('the serving login differs from the owner in name and password only', () => {
  const url = new URL(buildAppUrl('postgresql://boss:p%40ss@db:5433/tenantry?sslmode=verify-full'));
  expect(url.username).toBe('tenantry_app');
  expect(url.password).toBe(buildAppPassword('postgresql://other:p%40ss@elsewhere/x'));
  expect(url.host + url.pathname + url.search).toBe('db:5433/tenantry?sslmode=verify-full');
});

test('another owner password gives another serving password', () => {
  expect(buildAppPassword('postgresql://boss:a@db/x')).not.toBe(
    buildAppPassword('postgresql://boss@db/x'),
  );
});

test('a url of a socket carries the login as any other does', () => {
  const url = new URL(buildAppUrl('postgresql://boss:pw@/tenantry?host=/run/postgresql'));
  expect([url.username, url.hostname]).toEqual(['tenantry_app', '%2Frun%2Fpostgresql']);
});

test('the verifier is the one of RFC 7677', () => {
  // The RFC's example: user "user", password "pencil", 4096 rounds.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  expect(buildScramVerifier('pencil', salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:' +
      'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});
