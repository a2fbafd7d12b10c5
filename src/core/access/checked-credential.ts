import type { LiveApiKey } from './live-api-key.ts';
import type { LiveSession } from './live-session.ts';
import { createAnonymous, type Principal } from './principal.ts';

/** The caller's own credential as authentication checked it. */
export type CheckedCredential = {
  /**
   * Compares in a closure, so that printing a context does not reveal the token. The caller sent both tokens, so the
   * time of the comparison reveals nothing.
   */
  isOf: (token: string) => boolean;
  /** Null for an API key. The session is checked without a tenant. */
  session: LiveSession | null;
  apiKey: LiveApiKey | null;
};

/** The result of authentication. */
export type Caller = {
  principal: Principal;
  /** Null for anonymous callers and operators. */
  credential: CheckedCredential | null;
};

/** A caller without a valid credential. */
export function createAnonymousCaller(): Caller {
  return { principal: createAnonymous(), credential: null };
}

/** A user with a session. */
export function createSessionCaller(token: string, live: LiveSession): Caller {
  const { user, session } = live;
  return {
    principal: { kind: 'session', user, session },
    credential: { isOf: (other) => other === token, session: live, apiKey: null },
  };
}

/** A program with an API key. */
export function createApiKeyCaller(token: string, live: LiveApiKey): Caller {
  return {
    principal: { kind: 'apiKey', ...live },
    credential: { isOf: (other) => other === token, session: null, apiKey: live },
  };
}
