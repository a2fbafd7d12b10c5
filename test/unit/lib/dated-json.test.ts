import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDated, stringifyDated } from '../../../src/lib/dated-json.ts';

const copy = (record: object) => parseDated(stringifyDated(record));

describe('a record kept as text', () => {
  test('comes back as it was, dates at any depth included', () => {
    const record = {
      token: 'dark',
      session: { createdAt: new Date('2024-02-29T12:00:00.123Z'), endedAt: null },
      list: [new Date(0), 'date', { at: new Date(1), count: 0, isLast: false }],
    };
    expect(copy(record)).toEqual(record);
  });

  test('comes back as it was, whatever its texts and keys look like', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
        const plain = JSON.parse(JSON.stringify(record));
        expect(copy(plain)).toEqual(plain);
      }),
    );
  });

  test('never takes a text for a date', () => {
    const record = { a: 'd2024-02-29T12:00:00.123Z', b: '2024-02-29T12:00:00.123Z', c: '' };
    expect(copy(record)).toEqual(record);
  });

  test.each([
    ['bytes', new Uint8Array(2)],
    ['a Map', new Map()],
    ['an object of a class', new URL('https://example.com')],
    ['a bigint', 1n],
    ['no date at all', new Date(Number.NaN)],
  ])('holds no %s', (_what, value) => {
    expect(() => stringifyDated({ nested: [value] })).toThrow();
  });
});
