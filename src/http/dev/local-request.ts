import type { IncomingHttpHeaders } from 'node:http';
import { loopbackHost } from '../browser/csrf.ts';

/**
 * Headers that proxies, tunnels and content delivery networks add, by their beginning. `forwarded` is
 * RFC 7239 and `via` RFC 9110; the rest is what common products write.
 */
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
 * Why a request cannot be taken for one that a person sent from a browser on this machine: it passed a proxy,
 * or it asks for a host that is not this machine (a page of somebody else can point its own name here). Null
 * where nothing speaks against it. One sentence, for people.
 */
export function explainRemote(headers: IncomingHttpHeaders): string | null {
  const header = Object.keys(headers).find((name) =>
    proxyHeaders.some((start) => name.startsWith(start)),
  );
  if (header !== undefined) return `The request came through a proxy (header "${header}").`;
  if (loopbackHost.test(headers.host ?? '')) return null;
  return 'The request was sent to another name than "localhost".';
}
