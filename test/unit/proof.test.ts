import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { LiveSession } from '../../src/core/access/live-session.ts';
import { apiKeyMemo, sessionMemo } from '../../src/core/access/memoized-credential.ts';
import { createAnonymous } from '../../src/core/access/principal.ts';

const token = 'tenantry_session_that_somebody_has_shown';
const live = { access: null } as LiveSession;

function createProven() {
  const principal = createAnonymous();
  sessionMemo.keep(principal, token, live);
  return principal;
}

test('what was found for a token is found for this very token and no other', () => {
  const principal = createProven();
  expect(sessionMemo.find(principal, token)).toBe(live);
  expect(sessionMemo.find(principal, `${token}x`)).toBeNull();
  expect(sessionMemo.find(principal, '')).toBeNull();
});

test('it is found with this very principal, and as the kind of credential that it is', () => {
  const principal = createProven();
  expect(sessionMemo.find({ ...principal }, token)).toBeNull();
  expect(sessionMemo.find(createAnonymous(), token)).toBeNull();
  expect(apiKeyMemo.find(principal, token)).toBeNull();
});

test('whatever prints a principal does not print the token', () => {
  const principal = createProven();
  expect(inspect(principal, { depth: null, showHidden: true })).not.toContain(token);
  expect(JSON.stringify(principal)).not.toContain(token);
});
