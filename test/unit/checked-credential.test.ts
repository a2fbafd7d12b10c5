import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  createApiKeyCaller,
  createSessionCaller,
} from '../../src/core/access/checked-credential.ts';
import type { LiveApiKey } from '../../src/core/access/live-api-key.ts';
import type { LiveSession } from '../../src/core/access/live-session.ts';
import { createAnonymous } from '../../src/core/access/principal.ts';
import { becomePrincipal, type Ctx, forgetLoaded } from '../../src/core/context.ts';

const token = 'tenantry_session_that_a_caller_has_sent';
const session = { access: null } as LiveSession;
const apiKey = { creatorId: 'creator' } as LiveApiKey;

function createCtx(): Ctx {
  return { ...createSessionCaller(token, session), loaded: new Map() } as unknown as Ctx;
}

test('a checked credential is that of exactly one token, and of one kind', () => {
  const { credential } = createSessionCaller(token, session);
  expect(credential).toMatchObject({ session, apiKey: null });
  expect([token, `${token}x`, ''].map((other) => credential?.isOf(other))).toEqual([
    true,
    false,
    false,
  ]);
  expect(createApiKeyCaller(token, apiKey).credential).toMatchObject({ session: null, apiKey });
});

test('a change of the principal or of data discards the checked credential', () => {
  const [signedOut, changed] = [createCtx(), createCtx()];
  becomePrincipal(signedOut, createAnonymous());
  forgetLoaded(changed);
  expect([signedOut.credential, changed.credential]).toEqual([null, null]);
});

test('printing a context does not reveal the token', () => {
  const ctx = createCtx();
  expect(inspect(ctx, { depth: null, showHidden: true })).not.toContain(token);
  expect(JSON.stringify(ctx)).not.toContain(token);
});
