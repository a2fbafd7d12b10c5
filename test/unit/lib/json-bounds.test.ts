import { expect, test } from 'vitest';
import { findJsonViolation } from '../../../src/lib/json-bounds.ts';

const large = { maxBytes: 10_000_000, maxDepth: 200_000 };

function nested(depth: number): unknown {
  return JSON.parse(`${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`);
}

test('an ordinary object passes', () => {
  const value = { plan: 'pro', seats: 12.5, on: true, off: false, none: null, tags: ['é', 1, {}] };
  expect(findJsonViolation(value)).toBeNull();
  expect(findJsonViolation(Object.assign(Object.create(null), value))).toBeNull();
});

test.each([
  ['null', null],
  ['an array', []],
  ['a string', 'x'],
  ['a number', 1],
  ['undefined', undefined],
  ['a date', new Date(0)],
  ['a map', new Map()],
])('%s is no object', (_, value) => {
  expect(findJsonViolation(value)).toBe('must be a JSON object');
});

test('without the object rule any JSON value passes, and nothing else', () => {
  const bounds = { maxBytes: 100, maxDepth: 2, object: false };
  for (const value of [null, true, 1, 'x', [], [[]], {}]) {
    expect(findJsonViolation(value, bounds)).toBeNull();
  }
  for (const value of [undefined, 1n, Symbol('x'), () => 1, new Date(0), [undefined], [[[]]]]) {
    expect(findJsonViolation(value, bounds)).not.toBeNull();
  }
});

test('objects and arrays may be nested eight levels deep', () => {
  expect(findJsonViolation(nested(8))).toBeNull();
  expect(findJsonViolation(nested(9))).toBe('must be at most 8 levels deep');
  expect(findJsonViolation({ a: [[[[[[[]]]]]]] })).toBeNull();
  expect(findJsonViolation({ a: [[[[[[[[]]]]]]]] })).toBe('must be at most 8 levels deep');
});

test('100,000 levels are rejected, or accepted, without exhausting the stack', () => {
  let deep: unknown = {};
  for (let level = 1; level < 100_000; level += 1) deep = level % 2 ? [deep] : { a: deep };
  expect(findJsonViolation({ deep })).toBe('must be at most 8 levels deep');
  expect(findJsonViolation({ deep }, large)).toBeNull();
});

test('a value that contains itself is rejected', () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  expect(findJsonViolation(value)).toBe('must be at most 8 levels deep');
});

test('a value has at most 16 KiB', () => {
  const frame = Buffer.byteLength(JSON.stringify({ a: '' }));
  expect(findJsonViolation({ a: 'x'.repeat(16_384 - frame) })).toBeNull();
  expect(findJsonViolation({ a: 'x'.repeat(16_385 - frame) })).toBe(
    'must be at most 16384 bytes of JSON',
  );
});

test('bytes are counted as JSON.stringify writes them', () => {
  const values = [
    {},
    { a: [] },
    { a: [1, -0, 0.5, -12], b: [true, false, null] },
    { 'é"\n': 'ü\\\u0007\u2028😀', c: { d: { e: ['', {}] } }, '': 0 },
  ];
  for (const value of values) {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    expect(findJsonViolation(value, { maxBytes: bytes, maxDepth: 8 })).toBeNull();
    expect(findJsonViolation(value, { maxBytes: bytes - 1, maxDepth: 8 })).not.toBeNull();
  }
});

test('a number with an exponent is counted with all the digits that are stored', () => {
  const numbers = (length: number) => ({ a: Array.from({ length }, () => 1e308) });
  expect(findJsonViolation(numbers(50))).toBeNull();
  expect(findJsonViolation(numbers(60))).toBe('must be at most 16384 bytes of JSON');
});

test('a value of huge breadth is rejected without being walked', () => {
  expect(findJsonViolation({ a: new Array(4_000_000_000) })).toContain('bytes of JSON');
  expect(findJsonViolation({ a: 'x'.repeat(10_000_000) })).toContain('bytes of JSON');
});

test.each(['__proto__', 'constructor', 'prototype'])(
  'the key %s is rejected on any level',
  (key) => {
    expect(findJsonViolation(JSON.parse(`{"${key}":1}`))).toBe(`must not have the key ${key}`);
    expect(findJsonViolation(JSON.parse(`{"a":[{"${key}":{}}]}`))).toBe(
      `must not have the key ${key}`,
    );
  },
);

test('numbers must be finite', () => {
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY, JSON.parse('-1e999')]) {
    expect(findJsonViolation({ a: [number] })).toBe('must contain only finite numbers');
  }
});

test('NUL and lone surrogates are rejected in strings and keys', () => {
  for (const text of ['a\0b', 'a\ud800', '\udc00']) {
    expect(findJsonViolation({ a: [text] })).not.toBeNull();
    expect(findJsonViolation({ [text]: 1 })).not.toBeNull();
  }
});
