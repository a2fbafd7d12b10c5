import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toCanonicalJson } from '../../../src/lib/canonical-json.ts';

describe('canonical JSON', () => {
  test('is JSON of an equal value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(toCanonicalJson(value))).toEqual(plain);
      }),
    );
  });

  test('is the same text in whatever order the keys of an object come', () => {
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
    ['null and nothing', { a: null }, {}],
    ['two dates', new Date(0), new Date(1)],
  ])('tells apart %s', (_what, a, b) => {
    expect(toCanonicalJson(a)).not.toBe(toCanonicalJson(b));
  });

  test('leaves out what is undefined, as JSON does', () => {
    expect(toCanonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
  });
});
