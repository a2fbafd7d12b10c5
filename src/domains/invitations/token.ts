import { hashToken, type MintedToken, mintToken, type TokenHash } from '../../lib/token.ts';

const prefix = 'tenantry_invite';

/** A new token for a mailed link, and the hash to store. */
export function createInvitationToken(): MintedToken {
  return mintToken(prefix);
}

/** The hash of a well-formed token; null for anything else, which then costs no statement. */
export function hashInvitationToken(token: string): TokenHash | null {
  return hashToken(prefix, token);
}
