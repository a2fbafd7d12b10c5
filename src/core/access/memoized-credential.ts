import { createByPrincipal } from '../data/by-principal.ts';
import type { LiveApiKey } from './live-api-key.ts';
import type { LiveSession } from './live-session.ts';
import type { Principal } from './principal.ts';

/** The checked credential of a principal. A closure holds the token, so printing a principal does not reveal it. */
type Memo<Live> = { isOf: (token: string) => boolean; live: Live };

/** Remembers the result of authentication with its principal, for the duration of a request. */
function createCredentialMemo<Live>() {
  const memos = createByPrincipal<Memo<Live>>();
  return {
    keep(principal: Principal, token: string, live: Live): void {
      memos.keep(principal, { isOf: (other) => other === token, live });
    },
    /**
     * Returns the result if `token` is the caller's own credential, else null. The caller sent both, so the time of
     * the comparison reveals nothing.
     */
    find(principal: Principal, token: string): Live | null {
      const memo = memos.find(principal);
      return memo?.isOf(token) ? memo.live : null;
    },
  };
}

/** For sessions, as checked without a tenant. */
export const sessionMemo = createCredentialMemo<LiveSession>();

/** For API keys. */
export const apiKeyMemo = createCredentialMemo<LiveApiKey>();
