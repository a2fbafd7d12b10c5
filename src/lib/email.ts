import { domainToASCII, domainToUnicode } from 'node:url';
import { trimCode } from './blanks.ts';
import { findLocalPartViolation } from './email-local-part.ts';

/** Bounds of RFC 5321 section 4.5.3.1: the path limit of 256 less its two angle brackets. */
const emailBytesMax = 254;
const localBytesMax = 64;
const domainBytesMax = 253;
/** Includes what is removed around an address: blanks, `mailto:`, angle brackets. */
const rawCharsMax = 1_000;

/** Characters of a domain before conversion, which would accept `%41`, `:80` and `[::1]`. */
const rawDomainPattern = /^(?:[A-Za-z0-9.-]|[^\0-\x7f])+$/u;
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The URL standard reads a domain whose last label is a number as an IPv4 address. */
const numberPattern = /^(?:\d+|0x[0-9a-f]*)$/;

/** An address in canonical form, or why it is rejected. */
export type CanonicalEmail = { ok: true; email: string } | { ok: false; reason: string };

/**
 * Returns the canonical form in which an e-mail address is stored, compared and used.
 *
 * Removes blanks, `mailto:` and angle brackets around it. Spellings that differ only in case, Unicode composition, IDNA
 * or needless quotes have the same form, and no others do. The result is at most 254 bytes and idempotent. Its domain
 * is ASCII; the part before the @ may have letters beyond ASCII (RFC 6531), but none that folds to ASCII, and of one
 * alphabet only, so that a look-alike cannot take over another user's address
 * (docs/decisions/043-addresses-as-people-have-them.md). Throws nothing.
 */
export function canonicalizeEmail(raw: string): CanonicalEmail {
  if (raw.length > rawCharsMax) return tooLong();
  const address = unwrap(raw);
  if (Buffer.byteLength(address) > emailBytesMax) return tooLong();
  if (/[<>]/.test(address)) return reject('must be the address alone, without a name');
  const at = address.lastIndexOf('@');
  if (at === -1) return reject(explainMissingAt(address));
  const rawLocal = removeQuotes(address.slice(0, at));
  const violation = findLocalPartViolation(rawLocal);
  if (violation !== null) return reject(violation);
  const local = toCanonicalLocalPart(rawLocal);
  if (Buffer.byteLength(local) > localBytesMax) {
    return reject(`must have at most ${localBytesMax} bytes before the @`);
  }
  const domain = findAsciiDomain(address.slice(at + 1));
  if (domain === null) return reject('must have a valid domain name after the @');
  const email = `${local}@${domain}`;
  return Buffer.byteLength(email) > emailBytesMax ? tooLong() : { ok: true, email };
}

function reject(reason: string): CanonicalEmail {
  return { ok: false, reason };
}

function tooLong(): CanonicalEmail {
  return reject(`must be at most ${emailBytesMax} bytes`);
}

/** Valid addresses have neither `:` nor `<`, so nothing of an address is removed. */
function unwrap(raw: string): string {
  const address = trimCode(trimCode(raw).replace(/^mailto:/i, ''));
  return trimCode(/^<([^<>]*)>$/.exec(address)?.[1] ?? address);
}

function explainMissingAt(address: string): string {
  return /[\uff20\ufe6b]/.test(address)
    ? 'has a full-width ＠; write it as @'
    : 'must contain exactly one @';
}

/** Needless quotes have no meaning (RFC 5321 section 4.1.2): `"a..b"@` and `a..b@` are the same address. */
function removeQuotes(local: string): string {
  return /^"([^"\\@\s]+)"$/.exec(local)?.[1] ?? local;
}

/** Composed accents, and Unicode's locale-independent lower case. */
function toCanonicalLocalPart(local: string): string {
  return local.normalize('NFC').toLowerCase().normalize('NFC');
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

/** Node does not check pure ASCII domains, so an invalid `xn--` label is detected here. */
function isCanonicalIdna(domain: string): boolean {
  const unicode = domainToUnicode(domain);
  return !/(?:^|\.)xn--/.test(unicode) && domainToASCII(unicode) === domain;
}
