import { hashToken, type MintedToken, mintToken, type TokenHash } from '../../lib/token.ts';

/** The purpose of a mailed token, which is valid for no other. */
export type TokenPurpose = 'email_verification' | 'password_reset';

const prefixes: Readonly<Record<TokenPurpose, string>> = {
  email_verification: 'tenantry_verify',
  password_reset: 'tenantry_reset',
};

export const lifetimeSeconds: Readonly<Record<TokenPurpose, number>> = {
  email_verification: 24 * 3_600,
  password_reset: 30 * 60,
};

/** Limits of requested mails per mailbox, across all callers. */
export const mailBudget = { mailsMax: 5, windowSeconds: 3_600, spacingSeconds: 60 };

/** Creates a token to mail, and the hash to store. */
export function createOneTimeToken(purpose: TokenPurpose): MintedToken {
  return mintToken(prefixes[purpose]);
}

/** Hashes a well-formed token of this purpose. Returns null for any other, which then costs no statement. */
export function hashOneTimeToken(purpose: TokenPurpose, token: string): TokenHash | null {
  return hashToken(prefixes[purpose], token);
}
