import { createByPrincipal } from '../data/by-principal.ts';
import type { LiveApiKey } from './live-api-key.ts';
import type { LiveSession } from './live-session.ts';
import type { Principal } from './principal.ts';

/** Result for the credential of the caller; printing a principal does not print the token. */
type Proof<Live> = { isOf: (token: string) => boolean; live: Live };

/** Keeps what authentication found with the principal that it made of it, for the time of a request. */
function createCredentialMemo<Live>() {
  const proofs = createByPrincipal<Proof<Live>>();
  return {
    keep(principal: Principal, token: string, live: Live): void {
      proofs.keep(principal, { isOf: (other) => other === token, live });
    },
    /**
     * What was found, if it was this very token; null for any other. Anyone who asks has shown both, so how long it
     * takes to compare them tells nothing.
     */
    find(principal: Principal, token: string): Live | null {
      const proof = proofs.find(principal);
      return proof?.isOf(token) ? proof.live : null;
    },
  };
}

/** Of sessions, as found without asking for a tenant. */
export const sessionMemo = createCredentialMemo<LiveSession>();

/** Of API keys. */
export const apiKeyMemo = createCredentialMemo<LiveApiKey>();
