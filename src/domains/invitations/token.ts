import { hashToken, mintToken } from '../../lib/token.ts';

const prefix = 'tenantry_invite';

/** A new token for a mailed link, and the hash to store. */
export function createInvitationToken(): { token: string; hash: Uint8Array<ArrayBuffer> } {
  const { token, hash } = mintToken(prefix);
  return { token, hash: new Uint8Array(hash) };
}

/** The hash of a well-formed token; null for anything else, which then costs no statement. */
export function hashInvitationToken(token: string): Uint8Array<ArrayBuffer> | null {
  const hash = hashToken(prefix, token);
  return hash && new Uint8Array(hash);
}
