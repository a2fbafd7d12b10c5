import { domainToASCII, domainToUnicode } from 'node:url';

/** Bounds of RFC 5321 section 4.5.3.1, with the path limit of 256 less its two angle brackets. */
const emailBytesMax = 254;
const localBytesMax = 64;
const domainBytesMax = 253;

/** The dot-atom of RFC 5322 in ASCII; quoted local parts are refused, nobody has one by choice. */
const localPattern = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** What a domain may hold before conversion: without this, `%41`, `:80` and `[::1]` get through. */
const rawDomainPattern = /^(?:[A-Za-z0-9.-]|[^\0-\x7f])+$/u;
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The URL standard reads a domain whose last label is a number as an IPv4 address. */
const numberPattern = /^(?:\d+|0x[0-9a-f]*)$/;

/** An address in the one form in which it is stored and compared, or why it was refused. */
export type CanonicalEmail = { ok: true; email: string } | { ok: false; reason: string };

/**
 * Gives the one form of an e-mail address under which it is stored and compared.
 *
 * Promises: two spellings that reach the same mailbox under ASCII case folding and IDNA come out
 * equal; the result is ASCII, at most 254 bytes, and canonical (running it again changes nothing).
 * Letters that only *fold* to ASCII (U+0130, U+212A, full-width forms) are refused in the local
 * part, because folding them would let a look-alike take over another person's address. Spaces
 * are not trimmed: an address with spaces around it is malformed. Raises nothing.
 */
export function canonicalizeEmail(raw: string): CanonicalEmail {
  if (raw.length > emailBytesMax || Buffer.byteLength(raw) > emailBytesMax) return tooLong();
  const parts = raw.split('@');
  const [rawLocal, rawDomain] = parts;
  if (parts.length !== 2 || rawLocal === undefined || rawDomain === undefined) {
    return { ok: false, reason: 'must contain exactly one @' };
  }
  const local = toAsciiLowerCase(rawLocal);
  if (local.length > localBytesMax) {
    return { ok: false, reason: `must have at most ${localBytesMax} characters before the @` };
  }
  if (!localPattern.test(local)) {
    return { ok: false, reason: 'must have only plain letters, digits and signs before the @' };
  }
  const domain = findAsciiDomain(rawDomain);
  if (domain === null) return { ok: false, reason: 'must have a valid domain name after the @' };
  const email = `${local}@${domain}`;
  return email.length > emailBytesMax ? tooLong() : { ok: true, email };
}

function tooLong(): CanonicalEmail {
  return { ok: false, reason: `must be at most ${emailBytesMax} bytes` };
}

/** Unlike `toLowerCase`, never turns a non-ASCII letter into an ASCII one. */
function toAsciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function findAsciiDomain(raw: string): string | null {
  if (!rawDomainPattern.test(raw)) return null;
  const domain = domainToASCII(raw);
  const labels = domain.split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || domain.length > domainBytesMax || numberPattern.test(last)) return null;
  if (!labels.every((label) => labelPattern.test(label))) return null;
  return isCanonicalIdna(domain) ? domain : null;
}

/** Node passes a pure ASCII domain through unread, so a broken `xn--` label shows only here. */
function isCanonicalIdna(domain: string): boolean {
  const unicode = domainToUnicode(domain);
  return !/(?:^|\.)xn--/.test(unicode) && domainToASCII(unicode) === domain;
}
