import pg from 'pg';
import { expect, test } from 'vitest';
import { DatabaseError, mapDatabaseError } from '../../src/db/error-map.ts';

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

// As PostgreSQL says it under other lc_messages (its src/backend/po).
test.each([
  'new row for relation "users" violates check constraint "users_status_known"',
  'neue Zeile für Relation »users« verletzt Check-Constraint »users_status_known«',
  'la nouvelle ligne de la relation « users » viole la contrainte de vérification « users_status_known »',
  'el nuevo registro para la relación «users» viola la restricción «check» «users_status_known»',
  'リレーション"users"の新しい行は検査制約"users_status_known"に違反しています',
  'новая строка в отношении "users" нарушает ограничение-проверку "users_status_known"',
  'nový řádek pro relaci "users" porušuje kontrolní omezení "users_status_known"',
  'nowy rekord dla relacji "users" narusza ograniczenie sprawdzające "users_status_known"',
])('a broken check is found whatever language the server speaks: %s', (message) => {
  const cause = { originalCode: '23514', originalMessage: message };
  const error = Object.assign(new Error('Prisma'), { meta: { driverAdapterError: { cause } } });
  expect(mapDatabaseError(error)).toMatchObject({
    kind: 'check',
    constraint: 'users_status_known',
  });
});

test('what is no fault of the database stays what it is', () => {
  const error = new TypeError('a bug of ours');
  expect(mapDatabaseError(error)).toBe(error);
  expect(mapDatabaseError(error)).not.toBeInstanceOf(DatabaseError);
});
