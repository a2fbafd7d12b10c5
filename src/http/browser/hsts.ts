import type { IncomingMessage } from 'node:http';

const oneYear = { 'strict-transport-security': 'max-age=31536000' };
const noHeaders = {};

/**
 * The HSTS header for requests that arrived by TLS, as the terminating proxy reports in
 * `x-forwarded-proto`. That header is trusted for `trustedProxyHops` proxies, like `x-forwarded-for`.
 * Browsers ignore HSTS over plain HTTP.
 */
export function getTransportSecurityHeaders(
  { headers }: IncomingMessage,
  trustedProxyHops: number,
): Record<string, string> {
  const forwarded = headers['x-forwarded-proto'];
  if (trustedProxyHops === 0 || forwarded === undefined) return noHeaders;
  const chain = String(forwarded).split(',');
  const protocol = chain[Math.max(0, chain.length - trustedProxyHops)];
  return protocol?.trim().toLowerCase() === 'https' ? oneYear : noHeaders;
}
