import { createByPrincipal } from './by-principal.ts';
import type { LiveApiKey } from './live-api-key.ts';
import type { LiveSession } from './live-session.ts';
import type { Principal } from './principal.ts';

/** What was found for the credential that a caller has shown. Kept under a symbol, so no log has the token. */
type Proof<Live> = { token: string; live: Live };

/** Keeps what authentication found with the principal that it made of it, for the time of a request. */
function createProofs<Live>() {
  const proofs = createByPrincipal<Proof<Live>>();
  return {
    keep: proofs.keep,
    /**
     * What was found, if it was this very token; null for any other. Whoever asks has shown both, so how long it
     * takes to compare them tells nothing.
     */
    find(principal: Principal, token: string): Live | null {
      const proof = proofs.find(principal);
      return proof?.token === token ? proof.live : null;
    },
  };
}

/** Of sessions, as found without asking for a tenant. */
export const sessionProofs = createProofs<LiveSession>();

/** Of API keys. */
export const apiKeyProofs = createProofs<LiveApiKey>();
