import pg from 'pg';
import { expect, test } from 'vitest';
import { DatabaseFault, mapDatabaseError } from '../../src/db/error-map.ts';

// What pg says by itself (decision 037); what Prisma makes of it is met by every test with a database.

const away = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
];

test.each(away)('a socket that ends with %s is a database that is away', (code) => {
  const error = Object.assign(new Error('the system says why'), { code, syscall: 'connect' });
  expect(mapDatabaseError(error)).toMatchObject({ kind: 'unavailable', cause: error });
});

test('so is one that no address of its name leads to', () => {
  const tries = ['::1', '127.0.0.1'].map((address) => new Error(`connect ${address}`));
  const error = Object.assign(new AggregateError(tries), { code: 'ECONNREFUSED' });
  expect(mapDatabaseError(error)).toMatchObject({ kind: 'unavailable' });
});

test.each([
  ['57014', 'busy'],
  ['42501', 'denied'],
  ['22021', 'malformed'],
  ['53300', 'unavailable'],
])('SQLSTATE %s is %s', (code, kind) => {
  const error = new pg.DatabaseError('the server says why', 0, 'error');
  error.code = code;
  expect(mapDatabaseError(error)).toMatchObject({ kind });
});

test('what is no fault of the database stays what it is', () => {
  const error = new TypeError('a bug of ours');
  expect(mapDatabaseError(error)).toBe(error);
  expect(mapDatabaseError(error)).not.toBeInstanceOf(DatabaseFault);
});
