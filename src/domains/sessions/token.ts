import { hashToken, type MintedToken, mintToken, type TokenHash } from '../../lib/token.ts';

const prefix = 'tenantry_session';

/** Creates a session token, to be shown once, and the hash to store. */
export function createSessionToken(): MintedToken {
  return mintToken(prefix);
}

/** Hashes a well-formed session token. Returns null for any other, which then costs no statement. */
export function hashSessionToken(token: string): TokenHash | null {
  return hashToken(prefix, token);
}
