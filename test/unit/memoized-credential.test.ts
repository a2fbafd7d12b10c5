import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { LiveSession } from '../../src/core/access/live-session.ts';
import { apiKeyMemo, sessionMemo } from '../../src/core/access/memoized-credential.ts';
import { createAnonymous } from '../../src/core/access/principal.ts';

const token = 'tenantry_session_of_the_request';
const live = { access: null } as LiveSession;

function createAuthenticated() {
  const principal = createAnonymous();
  sessionMemo.keep(principal, token, live);
  return principal;
}

test('a session memoized for a token is found for exactly that token', () => {
  const principal = createAuthenticated();
  expect(sessionMemo.find(principal, token)).toBe(live);
  expect(sessionMemo.find(principal, `${token}x`)).toBeNull();
  expect(sessionMemo.find(principal, '')).toBeNull();
});

test('a memoized session is found only with the same principal and only as a session', () => {
  const principal = createAuthenticated();
  expect(sessionMemo.find({ ...principal }, token)).toBeNull();
  expect(sessionMemo.find(createAnonymous(), token)).toBeNull();
  expect(apiKeyMemo.find(principal, token)).toBeNull();
});

test('a printed principal does not contain the token', () => {
  const principal = createAuthenticated();
  expect(inspect(principal, { depth: null, showHidden: true })).not.toContain(token);
  expect(JSON.stringify(principal)).not.toContain(token);
});
