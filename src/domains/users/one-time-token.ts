import { hashToken, type MintedToken, mintToken, type TokenHash } from '../../lib/token.ts';

/** The one purpose of a mailed token. */
export type TokenPurpose = 'email_verification' | 'password_reset';

const prefixes: Readonly<Record<TokenPurpose, string>> = {
  email_verification: 'tenantry_verify',
  password_reset: 'tenantry_reset',
};

/** How long a token is good for. */
export const lifetimeSeconds: Readonly<Record<TokenPurpose, number>> = {
  email_verification: 24 * 3_600,
  password_reset: 30 * 60,
};

/** How many mails one mailbox gets at somebody's request, whichever caller asks. */
export const mailBudget = { mailsMax: 5, windowSeconds: 3_600, spacingSeconds: 60 };

/** A new token, to be mailed, and the hash to store. */
export function createOneTimeToken(purpose: TokenPurpose): MintedToken {
  return mintToken(prefixes[purpose]);
}

/** The hash of a well-formed token of this purpose; null for anything else, which costs no statement. */
export function hashOneTimeToken(purpose: TokenPurpose, token: string): TokenHash | null {
  return hashToken(prefixes[purpose], token);
}
