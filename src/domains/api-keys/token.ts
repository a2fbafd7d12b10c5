import { hashToken, mintToken, type TokenHash } from '../../lib/token.ts';

/** The keys of a test server are told from those of a live one at sight, and are no good there. */
export type ApiKeyEnvironment = 'live' | 'test';

/** How the keys of a server begin. */
export function getApiKeyPrefix(environment: ApiKeyEnvironment): string {
  return `tenantry_${environment}_key`;
}

/** A new key, to be shown once, with what is stored of it: its hash, and a hint for people. */
export type MintedApiKey = { secret: string; tokenHash: TokenHash; hint: string };

/** Mints a key of this server. */
export function createApiKeyToken(prefix: string): MintedApiKey {
  const { token, hash } = mintToken(prefix);
  return { secret: token, tokenHash: hash, hint: `${prefix}_…${token.slice(-4)}` };
}

/** The hash of a well-formed key of this server; null for anything else, which costs no statement. */
export function hashApiKey(prefix: string, token: string): TokenHash | null {
  return hashToken(prefix, token);
}
