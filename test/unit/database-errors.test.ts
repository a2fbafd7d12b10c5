import pg from 'pg';
import { expect, test } from 'vitest';
import { DatabaseError, mapDatabaseError } from '../../src/db/error-map.ts';

// Errors of pg itself (decision 037). Every test with a database covers those that Prisma wraps.

const socketErrors = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
];

test.each(socketErrors)('a socket error %s means that the database is unavailable', (code) => {
  const error = Object.assign(new Error('from the system'), { code, syscall: 'connect' });
  expect(mapDatabaseError(error)).toMatchObject({ kind: 'unavailable', cause: error });
});

test('a host whose addresses all fail is unavailable', () => {
  const tries = ['::1', '127.0.0.1'].map((address) => new Error(`connect ${address}`));
  const error = Object.assign(new AggregateError(tries), { code: 'ECONNREFUSED' });
  expect(mapDatabaseError(error)).toMatchObject({ kind: 'unavailable' });
});

test.each([
  ['57014', 'busy'],
  ['42501', 'denied'],
  ['22021', 'malformed'],
  ['53300', 'unavailable'],
])('SQLSTATE %s is mapped to %s', (code, kind) => {
  const error = new pg.DatabaseError('from the server', 0, 'error');
  error.code = code;
  expect(mapDatabaseError(error)).toMatchObject({ kind });
});

// PostgreSQL's message in other languages (its src/backend/po).
test.each([
  'new row for relation "users" violates check constraint "users_status_known"',
  'neue Zeile für Relation »users« verletzt Check-Constraint »users_status_known«',
  'la nouvelle ligne de la relation « users » viole la contrainte de vérification « users_status_known »',
  'el nuevo registro para la relación «users» viola la restricción «check» «users_status_known»',
  'リレーション"users"の新しい行は検査制約"users_status_known"に違反しています',
  'новая строка в отношении "users" нарушает ограничение-проверку "users_status_known"',
  'nový řádek pro relaci "users" porušuje kontrolní omezení "users_status_known"',
  'nowy rekord dla relacji "users" narusza ograniczenie sprawdzające "users_status_known"',
])('a check violation is recognised in any language of the server: %s', (message) => {
  const cause = { originalCode: '23514', originalMessage: message };
  const error = Object.assign(new Error('Prisma'), { meta: { driverAdapterError: { cause } } });
  expect(mapDatabaseError(error)).toMatchObject({
    kind: 'check',
    constraint: 'users_status_known',
  });
});

test('an error that is not from the database is returned unchanged', () => {
  const error = new TypeError('a bug of ours');
  expect(mapDatabaseError(error)).toBe(error);
  expect(mapDatabaseError(error)).not.toBeInstanceOf(DatabaseError);
});
