import { expect, test } from 'vitest';
import {
  completeSettings,
  isEmailAllowed,
  mergeSettings,
} from '../../src/domains/tenants/rules.ts';

test('without domains anybody may join, and with some only people of exactly these', () => {
  const anybody = completeSettings({});
  const some = completeSettings({ allowedEmailDomains: ['example.com', 'xn--bcher-kva.example'] });
  expect(isEmailAllowed(anybody, 'a@anywhere.example')).toBe(true);
  expect(isEmailAllowed(some, 'a@example.com')).toBe(true);
  expect(isEmailAllowed(some, 'a@xn--bcher-kva.example')).toBe(true);
  expect(isEmailAllowed(some, 'a@sub.example.com')).toBe(false);
  expect(isEmailAllowed(some, 'a@notexample.com')).toBe(false);
  expect(isEmailAllowed(some, 'example.com@evil.example')).toBe(false);
});

test('a patch sets what it names, takes back what it empties, and leaves the rest', () => {
  const stored = { sessionIdleTimeoutSeconds: 600, defaultRoleKey: 'viewer' };
  expect(mergeSettings(stored, { defaultRoleKey: null })).toEqual({
    sessionIdleTimeoutSeconds: 600,
  });
  expect(mergeSettings(stored, { sessionIdleTimeoutSeconds: 300 })).toEqual({
    sessionIdleTimeoutSeconds: 300,
    defaultRoleKey: 'viewer',
  });
});
