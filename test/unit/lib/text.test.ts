import { expect, test } from 'vitest';
import { findTextViolation, toHarmlessLine } from '../../../src/lib/text.ts';

test('both bounds of a length count code points', () => {
  const rule = { min: 2, max: 4 };
  expect(findTextViolation('a', rule)).toBe('must be at least 2 characters');
  expect(findTextViolation('ab', rule)).toBeNull();
  expect(findTextViolation('abcd', rule)).toBeNull();
  expect(findTextViolation('abcde', rule)).toBe('must be at most 4 characters');
  expect(findTextViolation('😀', rule)).toBe('must be at least 2 characters');
  expect(findTextViolation('😀😀😀😀', rule)).toBeNull();
  expect(findTextViolation('😀😀😀😀😀', rule)).toBe('must be at most 4 characters');
  expect(findTextViolation('ab', { max: 1 })).toBe('must be at most 1 character');
});

test('an empty text passes only without a minimum', () => {
  expect(findTextViolation('', { max: 10 })).toBeNull();
  expect(findTextViolation('', { min: 1, max: 10 })).toBe('must not be blank');
});

test.each([
  ['spaces', '   '],
  ['no-break and ideographic spaces', '\u00a0\u3000'],
  ['zero-width characters', '\u200b\u200d\u2060\ufeff'],
  ['soft hyphens', '\u00ad\u00ad'],
  ['Hangul fillers', '\u3164\u115f'],
])('a text of only %s is blank', (_, value) => {
  expect(findTextViolation(value, { min: 1, max: 10 })).toBe('must not be blank');
});

test('names of real people are accepted', () => {
  for (const name of [
    'Ada',
    "D'Arcy-O’Neil Jr.",
    '山田 太郎',
    'مريم',
    'שרה',
    'नीरजा',
    '👩‍👩‍👧',
    'Zoe\u0308',
  ]) {
    expect(findTextViolation(name, { min: 1, max: 100 }), name).toBeNull();
  }
});

test('control characters are rejected, except tabs and line breaks in multiline text', () => {
  for (let code = 0; code <= 0x9f; code += 1) {
    if (code >= 0x20 && code < 0x7f) continue;
    const value = `a${String.fromCodePoint(code)}b`;
    expect(findTextViolation(value, { max: 10 }), `code ${code}`).not.toBeNull();
    const isBreak = code === 0x09 || code === 0x0a;
    const inLines = findTextViolation(value, { max: 10, multiline: true });
    expect(inLines === null, `code ${code} in several lines`).toBe(isBreak);
  }
  expect(findTextViolation('a\u2028b', { max: 10 })).not.toBeNull();
  expect(findTextViolation('a\u2029b', { max: 10 })).not.toBeNull();
});

test('bidirectional overrides and isolates are rejected, in one line or several', () => {
  const controls = [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];
  for (const code of controls) {
    const value = `a${String.fromCodePoint(code)}b`;
    expect(findTextViolation(value, { max: 10 })).toBe('must not contain text direction controls');
    expect(findTextViolation(value, { max: 10, multiline: true })).not.toBeNull();
  }
});

test('a lone surrogate is rejected at either end', () => {
  for (const value of ['a\ud83d', '\ude00a', '\ude00\ud83d']) {
    expect(findTextViolation(value, { max: 10 })).toBe('must be well-formed Unicode text');
  }
});

test('any foreign text becomes one harmless line', () => {
  expect(toHarmlessLine('a\n\u001b[2J\u009b1m\u202eb\u2028c\ud800')).toBe(
    'a\ufffd\ufffd[2J\ufffd1m\ufffdb\ufffdc\ufffd',
  );
  expect(toHarmlessLine('Zoë 😀, Firefox/150')).toBe('Zoë 😀, Firefox/150');
});
