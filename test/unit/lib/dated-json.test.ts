import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDated, stringifyDated } from '../../../src/lib/dated-json.ts';

const copy = (value: object) => parseDated(stringifyDated(value));

describe('a serialised value', () => {
  test('is parsed as an equal value, with dates at any depth', () => {
    const value = {
      token: 'dark',
      session: { createdAt: new Date('2024-02-29T12:00:00.123Z'), endedAt: null },
      list: [new Date(0), 'date', { at: new Date(1), count: 0, isLast: false }],
    };
    expect(copy(value)).toEqual(value);
  });

  test('is parsed as an equal value, with any texts and keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(copy(plain)).toEqual(plain);
      }),
    );
  });

  test('is never parsed with a date in place of a text', () => {
    const value = { a: 'd2024-02-29T12:00:00.123Z', b: '2024-02-29T12:00:00.123Z', c: '' };
    expect(copy(value)).toEqual(value);
  });

  test.each([
    ['bytes', new Uint8Array(2)],
    ['a Map', new Map()],
    ['an object of a class', new URL('https://example.com')],
    ['a bigint', 1n],
    ['an invalid date', new Date(Number.NaN)],
  ])('cannot contain %s', (_name, part) => {
    expect(() => stringifyDated({ nested: [part] })).toThrow();
  });
});
