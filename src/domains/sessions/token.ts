import { hashToken, type MintedToken, mintToken, type TokenHash } from '../../lib/token.ts';

const prefix = 'tenantry_session';

/** A new session token, to be shown once, and the hash to store. */
export function createSessionToken(): MintedToken {
  return mintToken(prefix);
}

/** The hash of a well-formed session token; null for anything else, which then costs no statement. */
export function hashSessionToken(token: string): TokenHash | null {
  return hashToken(prefix, token);
}
