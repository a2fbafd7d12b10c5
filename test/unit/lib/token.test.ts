import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashToken, mintToken } from '../../../src/lib/token.ts';

const prefix = 'app_live_key';
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const others = [...base62, '_', '-', ' ', '\0', 'é', '０', '\ud800'];

test('a minted token has the documented shape and the returned hash', () => {
  const { token, hash } = mintToken(prefix);
  expect(token).toMatch(/^app_live_key_[0-9A-Za-z]{49}$/);
  expect(hash).toEqual(`\\x${createHash('sha256').update(token).digest('hex')}`);
  expect(hashToken(prefix, token)).toEqual(hash);
});

test('the checksum of a known token never changes, so stored tokens outlive releases', () => {
  const body = `key_${'0123456789'.repeat(4)}abc`;
  expect(hashToken('key', `${body}3QFsBl`)).not.toBeNull();
});

test('a pattern for secret scanning finds each of 10,000 tokens, and no two are equal', () => {
  const tokens = Array.from({ length: 10_000 }, () => mintToken(prefix).token);
  const found = tokens.join(' ').match(/\bapp_live_key_[0-9A-Za-z]{49}\b/g);
  expect(found).toEqual(tokens);
  expect(new Set(tokens).size).toBe(tokens.length);
});

test('the characters of a secret are uniform over the alphabet', () => {
  const counts = new Map<string, number>();
  const rounds = 5_000;
  for (let round = 0; round < rounds; round += 1) {
    for (const char of mintToken('k').token.slice(2, 45)) {
      counts.set(char, (counts.get(char) ?? 0) + 1);
    }
  }
  const expected = (rounds * 43) / 62;
  const chiSquared = Array.from(base62).reduce((sum, char) => {
    return sum + ((counts.get(char) ?? 0) - expected) ** 2 / expected;
  }, 0);
  // 61 degrees of freedom: a fair generator goes beyond 150 about once in 10^9 runs, whereas
  // `byte % 62`, which favours eight characters by a quarter, comes out near 1,500.
  expect(chiSquared).toBeLessThan(150);
});

/** Every text with one edit at `at`: a character changed, removed or added. */
function editsAt(token: string, at: number): string[] {
  const [before, after] = [token.slice(0, at), token.slice(at + 1)];
  const changed = others.filter((char) => char !== token[at]).map((char) => before + char + after);
  return [...changed, before + after, `${before}0${token.slice(at)}`];
}

test('every edit of one character of 200 tokens is rejected', () => {
  let edits = 0;
  const passed: string[] = [];
  for (let round = 0; round < 200; round += 1) {
    const { token } = mintToken('k');
    const edited = Array.from(token).flatMap((_, at) => editsAt(token, at));
    edits += edited.length;
    passed.push(...edited.filter((text) => hashToken('k', text) !== null));
  }
  expect(edits).toBeGreaterThan(600_000);
  expect(passed).toEqual([]);
});

test('a token with two adjacent characters swapped is rejected', () => {
  const { token } = mintToken(prefix);
  for (let at = 0; at + 1 < token.length; at += 1) {
    const [one = '', two = ''] = [token[at], token[at + 1]];
    if (one === two) continue;
    expect(hashToken(prefix, token.slice(0, at) + two + one + token.slice(at + 2))).toBeNull();
  }
});

test('a token of another kind is rejected even with a valid checksum', () => {
  const { token } = mintToken('app_test_key');
  expect(hashToken('app_live_key', token)).toBeNull();
  expect(hashToken('app_test', token)).toBeNull();
  expect(hashToken('', token)).toBeNull();
});

test('blanks around a pasted token are ignored', () => {
  const { token, hash } = mintToken(prefix);
  for (const pasted of [` ${token}`, `${token}\n`, `\u00a0${token}\t`, `\ufeff${token}\u200b`]) {
    expect(hashToken(prefix, pasted)).toBe(hash);
  }
});

test('no input makes hashToken throw', () => {
  const { token } = mintToken(prefix);
  const strange: readonly unknown[] = [
    '',
    prefix,
    `${prefix}_`,
    `${token.slice(0, 20)} ${token.slice(20)}`,
    `${token}${' '.repeat(1_000_000)}`,
    token.toUpperCase(),
    'x'.repeat(1_000_000),
    `${prefix}_${'\ud800'.repeat(49)}`,
    undefined,
    null,
    7,
    {},
    [token],
    { length: token.length },
  ];
  for (const value of strange) expect(hashToken(prefix, value as string)).toBeNull();
});
