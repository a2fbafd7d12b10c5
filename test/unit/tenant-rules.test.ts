import { expect, test } from 'vitest';
import {
  completeSettings,
  isEmailAllowed,
  mergeSettings,
} from '../../src/domains/tenants/rules.ts';

test('any address may join a tenant without allowed domains, and only exact domains one with them', () => {
  const anybody = completeSettings({});
  const some = completeSettings({ allowedEmailDomains: ['example.com', 'xn--bcher-kva.example'] });
  expect(isEmailAllowed(anybody, 'a@anywhere.example')).toBe(true);
  expect(isEmailAllowed(some, 'a@example.com')).toBe(true);
  expect(isEmailAllowed(some, 'a@xn--bcher-kva.example')).toBe(true);
  expect(isEmailAllowed(some, 'a@sub.example.com')).toBe(false);
  expect(isEmailAllowed(some, 'a@notexample.com')).toBe(false);
  expect(isEmailAllowed(some, 'example.com@evil.example')).toBe(false);
});

test('a patch sets named settings, removes those set to null and keeps the rest', () => {
  const stored = { sessionIdleTimeoutSeconds: 600, defaultRoleKey: 'viewer' };
  expect(mergeSettings(stored, { defaultRoleKey: null })).toEqual({
    sessionIdleTimeoutSeconds: 600,
  });
  expect(mergeSettings(stored, { sessionIdleTimeoutSeconds: 300 })).toEqual({
    sessionIdleTimeoutSeconds: 300,
    defaultRoleKey: 'viewer',
  });
});
