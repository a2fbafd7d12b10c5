import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { trimCode } from './blanks.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 43 uniform base62 characters carry 43 x log2(62) = 256.03 bits. */
const secretLength = 43;
/** 62^6 is above 2^32, so six characters hold every CRC32. */
const checksumLength = 6;
/** The largest multiple of 62 in a byte: bytes from here on are drawn again, or '0'-'7' lead. */
const fairByteLimit = 248;
/** Random bytes per draw: 43 fair ones among 64 are as good as certain, so one draw is enough. */
const drawBytes = 64;

/** A token with some blanks around it; bounds the work on what is none. */
const rawLengthMax = 512;

const tailPattern = /^[0-9A-Za-z]{49}$/;

/**
 * The SHA-256 under which a token is stored, in the form in which PostgreSQL reads bytes: `\x` and 64 hexadecimal
 * digits. A string names it in memory as well, and is made several times faster than bytes.
 */
export type TokenHash = `\\x${string}`;

/** A token, and what is kept of it. */
export type MintedToken = { token: string; hash: TokenHash };

/**
 * Makes a bearer token `<prefix>_<43 characters of secret><6 characters of checksum>`.
 *
 * Promises: at least 256 bits from the operating system's generator, every character of the secret
 * uniform over base62 (rejection sampling). The checksum, a CRC32 of everything before it in
 * base62, lets scanners and servers tell a real token from a typing error without a look-up; the
 * layout is GitHub's. `hash` is what to store; the token itself is shown once and kept nowhere.
 * `prefix` is ASCII letters, digits and underscores, chosen by the program. Throws nothing.
 */
export function mintToken(prefix: string): MintedToken {
  const body = `${prefix}_${createSecret()}`;
  const token = body + checksumOf(body);
  return { token, hash: sha256(token) };
}

/**
 * What a token is stored under, or null if no token of this prefix can look like that.
 *
 * Promises: null for a wrong prefix, length, alphabet or checksum, which includes every change of
 * one character of a real token; blanks around it, which pasting brings, are taken off; a small
 * constant amount of work, whatever the input; throws nothing. The SHA-256 needs no salt or stretching because the secret is uniform at 256 bits.
 */
export function hashToken(prefix: string, raw: string): TokenHash | null {
  // Callers hand in header values: a value of another type is as malformed as a wrong length.
  if (typeof raw !== 'string' || raw.length > rawLengthMax) return null;
  const token = trimCode(raw);
  const secretStart = prefix.length + 1;
  const checksumStart = secretStart + secretLength;
  if (token.length !== checksumStart + checksumLength) return null;
  if (!token.startsWith(`${prefix}_`) || !tailPattern.test(token.slice(secretStart))) return null;
  const isIntact = checksumOf(token.slice(0, checksumStart)) === token.slice(checksumStart);
  return isIntact ? sha256(token) : null;
}

function createSecret(): string {
  let secret = '';
  while (secret.length < secretLength) {
    for (const byte of randomBytes(drawBytes)) {
      if (byte < fairByteLimit) secret += alphabet.charAt(byte % alphabet.length);
    }
  }
  return secret.slice(0, secretLength);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < checksumLength; place += 1) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}

function sha256(token: string): TokenHash {
  return `\\x${hash('sha256', token, 'hex')}`;
}
