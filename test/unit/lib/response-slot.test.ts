import { describe, expect, test } from 'vitest';
import { createResponseSlots } from '../../../src/lib/response-slot.ts';

const secret = 'a secret that only the tests know';

describe('an answer slot', () => {
  const open = createResponseSlots(secret);
  const slot = open('signUp of a key');

  test('is the same whenever it is made from the same secret and name', () => {
    const again = createResponseSlots(secret)('signUp of a key');
    expect(again.id).toEqual(slot.id);
    expect(again.fingerprint('question')).toEqual(slot.fingerprint('question'));
    expect(again.sealer.open(slot.sealer.seal('answer'))).toBe('answer');
  });

  test.each([
    ['another name', open('signUp of a kez')],
    ['another secret', createResponseSlots(`${secret}!`)('signUp of a key')],
    ['secret and name joined otherwise', createResponseSlots(`${secret}signUp`)(' of a key')],
  ])('has nothing in common with one of %s', (_what, other) => {
    expect(other.id).not.toEqual(slot.id);
    expect(other.fingerprint('question')).not.toEqual(slot.fingerprint('question'));
    expect(other.sealer.open(slot.sealer.seal('answer'))).toBeNull();
  });

  test('tells questions apart, in 32 bytes however long they are', () => {
    expect(slot.id).toHaveLength(32);
    expect(slot.fingerprint('x'.repeat(100_000))).toHaveLength(32);
    expect(slot.fingerprint('question')).not.toEqual(slot.fingerprint('question '));
  });
});
