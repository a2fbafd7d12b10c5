import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toCanonicalJson } from '../../../src/lib/canonical-json.ts';

describe('canonical JSON', () => {
  test('parses to an equal value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(toCanonicalJson(value))).toEqual(plain);
      }),
    );
  });

  test('does not depend on the order of object keys', () => {
    const reverse = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reverse);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).map(([key, part]) => [key, reverse(part)]);
      return Object.fromEntries(entries.reverse());
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toCanonicalJson(reverse(value))).toBe(toCanonicalJson(value));
      }),
    );
  });

  test.each([
    ['the order of a list', [1, 2], [2, 1]],
    ['a number and its text', { a: 1 }, { a: '1' }],
    ['null and a missing key', { a: null }, {}],
    ['two dates', new Date(0), new Date(1)],
  ])('distinguishes %s', (_name, a, b) => {
    expect(toCanonicalJson(a)).not.toBe(toCanonicalJson(b));
  });

  test('omits undefined values, as JSON does', () => {
    expect(toCanonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
  });
});
