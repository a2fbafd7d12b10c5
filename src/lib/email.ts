import { domainToASCII, domainToUnicode } from 'node:url';
import { trimCode } from './blanks.ts';
import { findLocalPartViolation } from './email-local-part.ts';

/** Bounds of RFC 5321 section 4.5.3.1, with the path limit of 256 less its two angle brackets. */
const emailBytesMax = 254;
const localBytesMax = 64;
const domainBytesMax = 253;
/** Removed around an address: blanks, `mailto:`, angle brackets. */
const rawCharsMax = 1_000;

/** Characters of a domain before conversion: without this, `%41`, `:80` and `[::1]` get through. */
const rawDomainPattern = /^(?:[A-Za-z0-9.-]|[^\0-\x7f])+$/u;
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The URL standard reads a domain whose last label is a number as an IPv4 address. */
const numberPattern = /^(?:\d+|0x[0-9a-f]*)$/;

/** An address in the one form in which it is stored and compared, or why it was rejected. */
export type CanonicalEmail = { ok: true; email: string } | { ok: false; reason: string };

/**
 * Returns the one form of an e-mail address under which it is stored, compared and written to.
 *
 * Promises: blanks around it, `mailto:` and angle brackets are taken off first. Two spellings that
 * differ in case, in Unicode composition, in IDNA or in needless quotes come out equal, and no
 * others do; the result is at most 254 bytes and canonical (running it again changes nothing). Its
 * domain is ASCII; what is before the @ may have letters beyond ASCII (RFC 6531), but never one that
 * folds to ASCII and never letters of two alphabets, so that a look-alike cannot take over another
 * person's address (docs/decisions/043-addresses-as-people-have-them.md). Throws nothing.
 */
export function canonicalizeEmail(raw: string): CanonicalEmail {
  if (raw.length > rawCharsMax) return tooLong();
  const address = unwrap(raw);
  if (Buffer.byteLength(address) > emailBytesMax) return tooLong();
  if (/[<>]/.test(address)) return reject('must be the address alone, without a name');
  const at = address.lastIndexOf('@');
  if (at === -1) return reject(explainMissingAt(address));
  const rawLocal = takeOffQuotes(address.slice(0, at));
  const fault = findLocalPartViolation(rawLocal);
  if (fault !== null) return reject(fault);
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

/** Neither `:` nor `<` can stand in an address, so what is taken off was never part of one. */
function unwrap(raw: string): string {
  const address = trimCode(trimCode(raw).replace(/^mailto:/i, ''));
  return trimCode(/^<([^<>]*)>$/.exec(address)?.[1] ?? address);
}

function explainMissingAt(address: string): string {
  return /[\uff20\ufe6b]/.test(address)
    ? 'has a full-width ＠; write it as @'
    : 'must contain exactly one @';
}

/** Needless quotes say nothing (RFC 5321 section 4.1.2): `"a..b"@` and `a..b@` are one address. */
function takeOffQuotes(local: string): string {
  return /^"([^"\\@\s]+)"$/.exec(local)?.[1] ?? local;
}

/** One way to compose accents, and the lower case of Unicode that depends on no language. */
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

/** Node passes a pure ASCII domain through unread, so a broken `xn--` label shows only here. */
function isCanonicalIdna(domain: string): boolean {
  const unicode = domainToUnicode(domain);
  return !/(?:^|\.)xn--/.test(unicode) && domainToASCII(unicode) === domain;
}
