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
/** Random bytes per draw: 64 almost always have 43 fair ones, so one draw is enough. */
const drawBytes = 64;

/** Allows for blanks around a token, and bounds the work on other text. */
const rawLengthMax = 512;

const tailPattern = /^[0-9A-Za-z]{49}$/;

/**
 * The SHA-256 under which a token is stored, as PostgreSQL's text form of bytes: `\x` and 64 hexadecimal digits. A
 * string also serves as a key in memory, and is created several times faster than bytes.
 */
export type TokenHash = `\\x${string}`;

/** A token, and the hash to store. */
export type MintedToken = { token: string; hash: TokenHash };

/**
 * Creates a bearer token `<prefix>_<43 characters of secret><6 characters of checksum>`.
 *
 * The secret has 256 bits from the operating system's generator, uniform over base62 (rejection sampling). The
 * checksum, a CRC32 of everything before it in base62, lets scanners and servers detect typing errors without a
 * lookup; the layout is GitHub's. Store `hash`; the token itself is shown once and never stored. `prefix` has ASCII
 * letters, digits and underscores. Throws nothing.
 */
export function mintToken(prefix: string): MintedToken {
  const body = `${prefix}_${createSecret()}`;
  const token = body + checksumOf(body);
  return { token, hash: sha256(token) };
}

/**
 * Returns the hash under which a token is stored, or null for a wrong prefix, length, alphabet or checksum, which
 * detects any change of one character. Trims blanks from pasting. Constant work for any input; throws nothing. SHA-256
 * needs no salt or stretching, because the secret has 256 uniform bits.
 */
export function hashToken(prefix: string, raw: string): TokenHash | null {
  // Callers pass header values, which may have another type.
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
