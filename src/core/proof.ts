import { createByPrincipal } from './by-principal.ts';
import type { LiveApiKey } from './live-api-key.ts';
import type { LiveSession } from './live-session.ts';
import type { Principal } from './principal.ts';

/** What was found for the credential that a caller proved itself with. */
type Proof<Live> = { tokenHash: Uint8Array; live: Live };

/** Keeps what authentication found with the principal that it made of it, for the time of a request. */
function createProofs<Live>() {
  const proofs = createByPrincipal<Proof<Live>>();
  return {
    keep: proofs.keep,
    /** What was found, if it was this very token; null for any other. */
    find(principal: Principal, tokenHash: Uint8Array): Live | null {
      const proof = proofs.find(principal);
      const isSame = proof !== undefined && Buffer.compare(proof.tokenHash, tokenHash) === 0;
      return isSame ? proof.live : null;
    },
  };
}

/** Of sessions, as found without asking for a tenant. */
export const sessionProofs = createProofs<LiveSession>();

/** Of API keys. */
export const apiKeyProofs = createProofs<LiveApiKey>();
