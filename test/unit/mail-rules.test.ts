import { expect, test } from 'vitest';
import { describeFault, getWaitSeconds, isGivenUp } from '../../src/domains/mail/rules.ts';

const day = 86_400;

test('the wait doubles from 5 seconds up to an hour', () => {
  const waits = [1, 2, 3, 4, 9, 10, 11, 12, 500].map((attempts) => getWaitSeconds(attempts, 0));
  expect(waits).toEqual([5, 10, 20, 40, 1_280, 2_560, 3_600, 3_600, 3_600]);
});

test('jitter shortens a wait by at most half', () => {
  expect(getWaitSeconds(1, 1)).toBe(3);
  expect(getWaitSeconds(12, 1)).toBe(1_800);
});

test.each([
  ['an unknown mailbox', { responseCode: 550, command: 'RCPT TO' }, 0, true],
  ['a permanently rejected text', { responseCode: 554, command: 'DATA' }, 0, true],
  ['a busy mailbox', { responseCode: 450, command: 'RCPT TO' }, 0, false],
  ['a wrong password', { responseCode: 535, command: 'AUTH PLAIN' }, 0, false],
  ['a rejected sender', { responseCode: 550, command: 'MAIL FROM' }, 0, false],
  ['a server that is down', { code: 'ECONNREFUSED', command: 'CONN' }, 3 * day - 1, false],
  ['a server that is down for three days', { code: 'ECONNREFUSED' }, 3 * day, true],
])('%s: %o after %i s is given up: %s', (_name, error, ageSeconds, expected) => {
  expect(isGivenUp(error, ageSeconds)).toBe(expected);
});

test('an error is described by its codes alone', () => {
  const message = 'no mailbox ada@acme.example';
  const error = { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message };
  expect(describeFault(error)).toBe('EENVELOPE RCPT TO 550');
  expect(describeFault({ code: message })).toBe('unknown');
  expect(describeFault({ code: 'ESOCKET', command: 'CONN', originalCode: message })).toBe(
    'ESOCKET CONN',
  );
});
