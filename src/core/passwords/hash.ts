import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { parseOptions as parseArgon2, verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

/** A stored hash that can be checked. */
export type PasswordHash = {
  /** Made as ours are, argon2id with one lane: then what was hashed is a password after NFKC. */
  own: { memoryKib: number; iterations: number } | null;
  /** Whether checking it stays within about a second and 256 MiB. */
  isAffordable: boolean;
  /** Whether the password fits. Off the event loop. */
  fits: (password: string) => Promise<boolean>;
};

/** Bounds of what a hash from elsewhere may ask for: about a second of one core, whichever the scheme. */
const memoryKibMax = 262_144;
/** Memory times passes (argon2) or times lanes (scrypt). */
const workKibMax = 1_048_576;
const argon2LanesMax = 64;
const bcryptCostMax = 14;
/** Less is no bcrypt. */
const bcryptCostMin = 4;

/** Longer than any hash within those bounds. */
const textLengthMax = 512;
/** A shorter output is met by chance too easily. */
const outputBytesMin = 16;

/**
 * Reads a stored hash, ours or another system's: argon2id, argon2i and argon2d as a PHC string, scrypt
 * as a PHC string (`$scrypt$ln=15,r=8,p=1$salt$hash`), bcrypt (`$2a$`, `$2b$`, `$2y$`). Null for anything
 * that those who verify it would not take. Computes no hash; throws nothing.
 */
export function parsePasswordHash(text: string): PasswordHash | null {
  if (text.length > textLengthMax) return null;
  if (text.startsWith('$argon2')) return parseArgon2Hash(text);
  return text.startsWith('$scrypt$') ? parseScryptHash(text) : parseBcryptHash(text);
}

/**
 * Says why a hash of another system may not be stored, as the end of a sentence, or null if it may: it
 * is well-formed and cannot eat the memory or hold the cores of those who verify it. Throws nothing.
 */
export function findPasswordHashViolation(text: string): string | null {
  const hash = parsePasswordHash(text);
  if (hash === null) {
    return 'must be a well-formed argon2 or scrypt hash (a PHC string), or a bcrypt hash';
  }
  return hash.isAffordable ? null : 'requires more memory or time than a sign-in may use';
}

/** No `keyid` and no `data`: what was hashed with a secret of the other system can never fit. */
const argon2Form =
  /^\$argon2(?:id|i|d)(?:\$v=\d{1,3})?\$m=\d{1,10},t=\d{1,10},p=\d{1,3}\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;
/** The library's numbers for argon2id and its version 0x13; its enums exist only as types. */
const [argon2id, version19] = [2, 1];
const ownOutputBytes = 32;

function parseArgon2Hash(text: string): PasswordHash | null {
  const options = argon2Form.test(text) ? attempt(() => parseArgon2(text)) : null;
  if (options === null || options.outputLen < outputBytesMin) return null;
  const { memoryCost, timeCost, parallelism, algorithm, version, outputLen } = options;
  const isOwnKind =
    Number(algorithm) === argon2id &&
    Number(version) === version19 &&
    parallelism === 1 &&
    outputLen === ownOutputBytes;
  return {
    own: isOwnKind ? { memoryKib: memoryCost, iterations: timeCost } : null,
    isAffordable:
      memoryCost <= memoryKibMax &&
      memoryCost * timeCost <= workKibMax &&
      parallelism <= argon2LanesMax,
    fits: (password) => verifyArgon2(text, password),
  };
}

/** Cost, then 16 bytes of salt and 23 of hash in bcrypt's own base64. */
const bcryptForm = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

function parseBcryptHash(text: string): PasswordHash | null {
  const cost = Number(bcryptForm.exec(text)?.[1]);
  if (!(cost >= bcryptCostMin)) return null;
  return {
    own: null,
    isAffordable: cost <= bcryptCostMax,
    fits: (password) => verifyBcrypt(password, text),
  };
}

const scryptForm =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parseScryptHash(text: string): PasswordHash | null {
  const [, ln = '', blocks = '', lanes = '', salt = '', output = ''] = scryptForm.exec(text) ?? [];
  const [N, r, p] = [2 ** Number(ln), Number(blocks), Number(lanes)];
  const expected = Buffer.from(output, 'base64');
  const isWellFormed = N >= 2 && r >= 1 && p >= 1 && isCanonical(salt) && isCanonical(output);
  if (!isWellFormed || expected.length < outputBytesMin) return null;
  const memoryKib = (N * r) / 8;
  const options = {
    length: expected.length,
    ...{ N, r, p },
    // Node counts the lanes as well; twice what is needed, so that its own bound is never the one met.
    maxmem: 2 * 1024 * (memoryKib + r * p),
  };
  return {
    own: null,
    isAffordable: memoryKib <= memoryKibMax && memoryKib * p <= workKibMax,
    fits: async (password) =>
      timingSafeEqual(await deriveScrypt(password, Buffer.from(salt, 'base64'), options), expected),
  };
}

/** Base64 without padding, in its only spelling. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64').replaceAll('=', '') === text;
}

function deriveScrypt(
  password: string,
  salt: Buffer,
  { length, ...options }: ScryptOptions & { length: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
