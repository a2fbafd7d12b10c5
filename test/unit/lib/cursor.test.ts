import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCursorCodec } from '../../../src/lib/cursor.ts';

const secret = 'a secret only for this test';
const codec = createCursorCodec(secret);
const binding = 'tenant 1, members by name';
const values = ['Ada "Λ" \n', 42, -1.5, null, '', '2026-01-01T00:00:00.000001Z'];

test('a decoded cursor equals the encoded values', () => {
  for (const list of [values, [], [null], [0], ['\ud800']]) {
    expect(codec.decode(binding, codec.encode(binding, list))).toEqual(list);
  }
});

test('a cursor is URL-safe and the same for the same position', () => {
  expect(codec.encode(binding, values)).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(codec.encode(binding, values)).toBe(codec.encode(binding, values));
  const again = createCursorCodec(Buffer.from(secret));
  expect(again.decode(binding, codec.encode(binding, values))).toEqual(values);
});

test('a cursor is invalid under another binding or secret', () => {
  const cursor = codec.encode(binding, values);
  expect(codec.decode('tenant 2, members by name', cursor)).toBeNull();
  expect(codec.decode('', cursor)).toBeNull();
  expect(createCursorCodec('another secret').decode(binding, cursor)).toBeNull();
});

test('a part of the binding cannot pass for values, nor values for binding', () => {
  const payload = '["x"]';
  const shifted = codec.encode('a', ['x']);
  expect(codec.decode(`a"\n${payload}`, shifted)).toBeNull();
  expect(codec.decode('a\n', shifted)).toBeNull();
});

test('a cursor with one character changed, removed or added is rejected', () => {
  const cursor = codec.encode(binding, values);
  for (let at = 0; at < cursor.length; at += 1) {
    for (const char of ['A', 'B', 'w', '_', '-', '+', '/', '=', ' ', 'é']) {
      if (char === cursor[at]) continue;
      const edited = cursor.slice(0, at) + char + cursor.slice(at + 1);
      expect(codec.decode(binding, edited)).toBeNull();
    }
    expect(codec.decode(binding, cursor.slice(0, at))).toBeNull();
    expect(codec.decode(binding, cursor.slice(at + 1))).toBeNull();
  }
  for (const tail of ['A', '=', '==', ' ', '\n', '.']) {
    expect(codec.decode(binding, cursor + tail)).toBeNull();
  }
});

test('a cursor has one valid spelling: unused bits and the other alphabet are rejected', () => {
  for (const length of [1, 2, 3]) {
    const cursor = codec.encode(binding, ['x'.repeat(length)]);
    const bytes = Buffer.from(cursor, 'base64url');
    const spellings = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      .map((last) => cursor.slice(0, -1) + last)
      .filter((spelling) => Buffer.from(spelling, 'base64url').equals(bytes));
    const read = spellings.filter((spelling) => codec.decode(binding, spelling) !== null);
    expect(read).toEqual([cursor]);
  }
});

test('malformed text is decoded as null and never throws', () => {
  const broken: readonly unknown[] = [
    '',
    'A',
    '!!!!',
    '\0',
    '\ud800',
    'A'.repeat(16),
    undefined,
    1,
  ];
  for (const text of broken) expect(codec.decode(binding, text as string)).toBeNull();
});

test('signed text that is not a list of values is decoded as null', () => {
  function signed(payload: string): string {
    const mac = createHmac('sha256', secret)
      .update(`cursor.v1\n${JSON.stringify(binding)}\n${payload}`)
      .digest()
      .subarray(0, 12);
    return Buffer.concat([mac, Buffer.from(payload)]).toString('base64url');
  }
  expect(codec.decode(binding, signed('["x",1]'))).toEqual(['x', 1]);
  for (const payload of ['{}', '"x"', '[[1]]', '[true]', '[{}]', '[', 'null']) {
    expect(codec.decode(binding, signed(payload)), payload).toBeNull();
  }
});

test('a cursor has at most 1,024 characters', () => {
  // 12 bytes of MAC and ["..."] leave 752 of the 768 bytes that fill 1,024 characters.
  const longest = codec.encode(binding, ['x'.repeat(752)]);
  expect(longest).toHaveLength(1024);
  expect(codec.decode(binding, longest)).toEqual(['x'.repeat(752)]);
  expect(() => codec.encode(binding, ['x'.repeat(753)])).toThrow(RangeError);
  expect(codec.decode(binding, 'A'.repeat(10_000_000))).toBeNull();
});

test('values that cannot be decoded and empty secrets throw a RangeError', () => {
  expect(() => codec.encode(binding, [Number.NaN])).toThrow(RangeError);
  expect(() => codec.encode(binding, [Number.POSITIVE_INFINITY])).toThrow(RangeError);
  expect(() => createCursorCodec('')).toThrow(RangeError);
  expect(() => createCursorCodec(Buffer.alloc(0))).toThrow(RangeError);
});
