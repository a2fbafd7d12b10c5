import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSealer } from '../../../src/lib/sealer.ts';

const secret = 'a secret that only the tests know';

describe('a sealer', () => {
  const sealer = createSealer(secret, 'mail');

  test('opens any text that it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(sealer.open(sealer.seal(text))).toBe(text);
      }),
    );
  });

  test('hides the text and seals the same text differently each time', () => {
    const [first, second] = [sealer.seal('my secret token'), sealer.seal('my secret token')];
    expect(Buffer.from(first).toString('latin1')).not.toContain('secret');
    expect(first).not.toEqual(second);
  });

  test.each([
    ['another secret', createSealer(`${secret}!`, 'mail')],
    ['another purpose', createSealer(secret, 'answers')],
  ])('rejects a text that was sealed with %s', (_name, other) => {
    expect(sealer.open(other.seal('text'))).toBeNull();
  });

  test('rejects a sealed text that was changed in any byte or cut', () => {
    const sealed = sealer.seal('text');
    for (const index of sealed.keys()) {
      const changed = sealed.with(index, (sealed[index] ?? 0) ^ 1);
      expect(sealer.open(changed)).toBeNull();
      expect(sealer.open(sealed.subarray(0, index))).toBeNull();
    }
  });
});
