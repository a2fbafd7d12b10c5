import { hashToken, mintToken } from '../../lib/token.ts';

const prefix = 'tenantry_session';

/** A new session token, to be shown once, and the hash to store. */
export function createSessionToken(): { token: string; hash: Uint8Array<ArrayBuffer> } {
  const { token, hash } = mintToken(prefix);
  return { token, hash: new Uint8Array(hash) };
}

/** The hash of a well-formed session token; null for anything else, which then costs no statement. */
export function hashSessionToken(token: string): Uint8Array<ArrayBuffer> | null {
  const hash = hashToken(prefix, token);
  return hash && new Uint8Array(hash);
}
