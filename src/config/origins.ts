import { createRequire } from 'node:module';
import { isIP } from 'node:net';

/** One entry of a list of origins: as browsers send it, or the reason why it cannot be listed. */
export type OriginEntry = { origin: string } | { problem: string };

const wildcardSample = 'https://*.preview.example.com';

/** Entries that look like origins and are none. */
const reserved: Record<string, string> = {
  '*': `would let every site in: list each origin, or one label of a name as in ${wildcardSample}`,
  null: 'is what browsers send for files and sandboxed frames, no matter who wrote them: serve the page over http',
};

/** The entries of a list that is separated by commas or blanks. */
export function splitOrigins(list: string): string[] {
  return list.split(/[\s,]+/).filter((entry) => entry !== '');
}

/**
 * Reads one origin. Of web origins, upper case, a slash at the end, default ports and international names are
 * written as browsers send them (https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin);
 * the host of any other scheme, such as capacitor://localhost, stays as it is.
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
    return { problem: `would let strangers in: anybody may get a name under ${url.hostname}` };
  }
  return { origin: `${scheme}://*.${url.host}` };
}

/** Whether all names below belong to anyone who has `hostname`; below localhost they are this machine. */
function canHaveWildcard(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return false;
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  // Read only when it is needed: the list takes some 30 ms to load.
  const { getPublicSuffix } = createRequire(import.meta.url)('tldts') as typeof import('tldts');
  return getPublicSuffix(name, { allowPrivateDomains: true }) !== name;
}

function readAppOrigin(scheme: string, host: string): OriginEntry {
  if (scheme === 'ws' || scheme === 'wss') {
    return { problem: `is no address of a page: write ${scheme.replace('ws', 'http')}://${host}` };
  }
  if (scheme === 'file') return { problem: 'is no origin: browsers send null for files' };
  if (host.includes('*'))
    return { problem: 'has a *, which http and https origins alone may have' };
  if (!/^[^\s"'<>,;]+$/.test(host)) return { problem: 'has no valid host' };
  return { origin: `${scheme}://${host}` };
}
