import { expect, test } from 'vitest';
import {
  createApiKeyToken,
  getApiKeyPrefix,
  hashApiKey,
} from '../../src/domains/api-keys/token.ts';

const prefix = getApiKeyPrefix('live');
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('the pattern for secret scanners finds each of 10,000 keys in a text', () => {
  const keys = Array.from({ length: 10_000 }, () => createApiKeyToken(prefix).secret);
  const text = keys.map((key, index) => `line ${index}: KEY="${key}"; # ${key.slice(0, 30)}`);
  const found = text.join('\n').match(/\btenantry_(?:live|test)_key_[0-9A-Za-z]{49}\b/g);
  expect(found).toEqual(keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a key with one edited character is rejected without a database lookup', () => {
  const passed: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const { secret } = createApiKeyToken(prefix);
    for (let at = 0; at < secret.length; at += 1) {
      const edits = [...base62, '_', '-']
        .filter((char) => char !== secret[at])
        .map((char) => secret.slice(0, at) + char + secret.slice(at + 1));
      passed.push(...edits.filter((edit) => hashApiKey(prefix, edit) !== null));
    }
  }
  expect(passed).toEqual([]);
});

test('a key of a test server is invalid on a live server', () => {
  const { secret } = createApiKeyToken(getApiKeyPrefix('test'));
  expect(secret).toMatch(/^tenantry_test_key_/);
  expect(hashApiKey(getApiKeyPrefix('test'), secret)).not.toBeNull();
  expect(hashApiKey(prefix, secret)).toBeNull();
});

test('the hint shows only the prefix and the last four characters', () => {
  const { secret, hint } = createApiKeyToken(prefix);
  expect(hint).toBe(`tenantry_live_key_…${secret.slice(-4)}`);
});
