import { describe, expect, test } from 'vitest';
import { createResponseSlots } from '../../../src/lib/response-slot.ts';

const secret = 'a secret that only the tests know';

describe('a response slot', () => {
  const open = createResponseSlots(secret);
  const slot = open('signUp of a key');

  test('is the same for the same secret and name', () => {
    const again = createResponseSlots(secret)('signUp of a key');
    expect(again.id).toEqual(slot.id);
    expect(again.fingerprint('request')).toEqual(slot.fingerprint('request'));
    expect(again.sealer.open(slot.sealer.seal('response'))).toBe('response');
  });

  test.each([
    ['another name', open('signUp of a kez')],
    ['another secret', createResponseSlots(`${secret}!`)('signUp of a key')],
    ['secret and name joined differently', createResponseSlots(`${secret}signUp`)(' of a key')],
  ])('differs in every part from a slot of %s', (_name, other) => {
    expect(other.id).not.toEqual(slot.id);
    expect(other.fingerprint('request')).not.toEqual(slot.fingerprint('request'));
    expect(other.sealer.open(slot.sealer.seal('response'))).toBeNull();
  });

  test('has a distinct fingerprint of 32 bytes for each request', () => {
    expect(slot.id).toHaveLength(32);
    expect(slot.fingerprint('x'.repeat(100_000))).toHaveLength(32);
    expect(slot.fingerprint('request')).not.toEqual(slot.fingerprint('request '));
  });
});
