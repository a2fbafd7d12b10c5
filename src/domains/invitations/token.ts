import { hashToken, mintToken } from '../../lib/token.ts';

const prefix = 'tenantry_invite';

/** A new token for a mailed link, and the hash to store. */
export function createInvitationToken(): { token: string; hash: string } {
  return mintToken(prefix);
}

/** The hash of a well-formed token; null for anything else, which then costs no statement. */
export function hashInvitationToken(token: string): string | null {
  return hashToken(prefix, token);
}
