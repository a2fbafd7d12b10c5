import type { IncomingHttpHeaders } from 'node:http';
import { loopbackHost } from '../browser/csrf.ts';

/** Prefixes of headers that proxies, tunnels and CDNs add: `forwarded` (RFC 7239), `via` (RFC 9110), common products. */
const proxyHeaders = [
  'forwarded',
  'via',
  'x-forwarded',
  'x-real-',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-',
  'x-envoy-',
  'x-amzn-',
  'x-azure-',
  'x-arr-',
  'x-vercel-',
  'x-appengine-',
  'x-cloud-trace-context',
  'x-varnish',
  'true-client-ip',
  'client-ip',
  'cf-',
  'cdn-loop',
  'fastly-',
  'fly-',
  'akamai-',
];

/**
 * Returns why a request cannot be from a browser on this machine, as a sentence, or null if it can: it passed a proxy,
 * or names another host (DNS rebinding points a foreign name here).
 */
export function explainRemote(headers: IncomingHttpHeaders): string | null {
  const header = Object.keys(headers).find((name) =>
    proxyHeaders.some((start) => name.startsWith(start)),
  );
  if (header !== undefined) return `The request came through a proxy (header "${header}").`;
  if (loopbackHost.test(headers.host ?? '')) return null;
  return 'The request was sent to a host other than "localhost".';
}
