import { createRequire } from 'node:module';
import { isIP } from 'node:net';

/** An entry of a list of origins: as browsers send it, or its problem. */
export type OriginEntry = { origin: string } | { problem: string };

const wildcardSample = 'https://*.preview.example.com';

/** Entries that are not origins. */
const reserved: Record<string, string> = {
  '*': `would allow every site: list each origin, or use a wildcard for one label as in ${wildcardSample}`,
  null: 'is what browsers send for all files and sandboxed frames: serve the page over http',
};

/** Splits a list separated by commas or blanks. */
export function splitOrigins(list: string): string[] {
  return list.split(/[\s,]+/).filter((entry) => entry !== '');
}

/**
 * Parses an origin. Normalizes web origins (upper case, trailing slash, default port, international name) to the form
 * that browsers send (https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin); the host
 * of other schemes, such as capacitor://localhost, is unchanged.
 */
export function readOrigin(entry: string): OriginEntry {
  const found = reserved[entry.toLowerCase()];
  if (found !== undefined) return { problem: found };
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(entry) ?? [];
  if (scheme === undefined || rest === undefined) {
    return { problem: `has no scheme: write https://${entry} or http://${entry}` };
  }
  const host = rest.replace(/\/$/, '');
  const problem = findHostProblem(scheme.toLowerCase(), host);
  if (problem !== null) return { problem };
  return /^https?$/i.test(scheme)
    ? readWebOrigin(scheme.toLowerCase(), host)
    : readAppOrigin(scheme.toLowerCase(), host);
}

function findHostProblem(scheme: string, host: string): string | null {
  const bare = host.split(/[/?#\\]/, 1)[0] ?? '';
  if (bare !== host) return `has a path or query: write ${scheme}://${bare}`;
  if (host.includes('@')) return 'has a user name: browsers never send one';
  return null;
}

function readWebOrigin(scheme: string, host: string): OriginEntry {
  const isWildcard = host.startsWith('*.');
  const named = isWildcard ? host.slice(2) : host;
  if (named.includes('*')) {
    return { problem: `has a * elsewhere than for the whole first label, as in ${wildcardSample}` };
  }
  if (!URL.canParse(`${scheme}://${named}`)) return { problem: 'has no valid host and port' };
  const url = new URL(`${scheme}://${named}`);
  if (!isWildcard) return { origin: url.origin };
  if (!canHaveWildcard(url.hostname)) {
    return { problem: `would allow strangers: anyone can register a name under ${url.hostname}` };
  }
  return { origin: `${scheme}://*.${url.host}` };
}

/** Whether all subdomains belong to the owner of `hostname`; those of localhost are this machine. */
function canHaveWildcard(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return false;
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  // Loaded on demand: the list takes some 30 ms.
  const { getPublicSuffix } = createRequire(import.meta.url)('tldts') as typeof import('tldts');
  return getPublicSuffix(name, { allowPrivateDomains: true }) !== name;
}

function readAppOrigin(scheme: string, host: string): OriginEntry {
  if (scheme === 'ws' || scheme === 'wss') {
    return {
      problem: `is not the address of a page: write ${scheme.replace('ws', 'http')}://${host}`,
    };
  }
  if (scheme === 'file') return { problem: 'is not an origin: browsers send null for files' };
  if (host.includes('*')) return { problem: 'has a *, which only http and https origins may have' };
  if (!/^[^\s"'<>,;]+$/.test(host)) return { problem: 'has no valid host' };
  return { origin: `${scheme}://${host}` };
}
