import { expect, test } from 'vitest';
import {
  createApiKeyToken,
  getApiKeyPrefix,
  hashApiKey,
} from '../../src/domains/api-keys/token.ts';

const prefix = getApiKeyPrefix('live');
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('the pattern for secret scanners finds all of ten thousand keys in a text', () => {
  const keys = Array.from({ length: 10_000 }, () => createApiKeyToken(prefix).secret);
  const text = keys.map((key, index) => `line ${index}: KEY="${key}"; # ${key.slice(0, 30)}`);
  const found = text.join('\n').match(/\btenantry_(?:live|test)_key_[0-9A-Za-z]{49}\b/g);
  expect(found).toEqual(keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('every edit of one character makes a key that is told from a real one without asking', () => {
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

test('keys of a test server and of a live one are no good to each other', () => {
  const { secret } = createApiKeyToken(getApiKeyPrefix('test'));
  expect(secret).toMatch(/^tenantry_test_key_/);
  expect(hashApiKey(getApiKeyPrefix('test'), secret)).not.toBeNull();
  expect(hashApiKey(prefix, secret)).toBeNull();
});

test('the hint shows the prefix and the last four characters, and no more', () => {
  const { secret, hint } = createApiKeyToken(prefix);
  expect(hint).toBe(`tenantry_live_key_…${secret.slice(-4)}`);
});
