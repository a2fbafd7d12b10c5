import type { IncomingMessage } from 'node:http';

const oneYear = { 'strict-transport-security': 'max-age=31536000' };
const nothing = {};

/**
 * Tells browsers to come by TLS only from now on, where they came by TLS: the proxy that ends it in
 * front of us says so in `x-forwarded-proto`, which is believed like `x-forwarded-for`, for as many
 * proxies as are ours. Over plain HTTP the header would mean nothing.
 */
export function getTransportSecurityHeaders(
  { headers }: IncomingMessage,
  trustedProxyHops: number,
): Record<string, string> {
  const forwarded = headers['x-forwarded-proto'];
  if (trustedProxyHops === 0 || forwarded === undefined) return nothing;
  const chain = String(forwarded).split(',');
  const protocol = chain[Math.max(0, chain.length - trustedProxyHops)];
  return protocol?.trim().toLowerCase() === 'https' ? oneYear : nothing;
}
