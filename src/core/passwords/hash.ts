import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { parseOptions as parseArgon2, verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

/** A parsed password hash. */
export type PasswordHash = {
  /** The parameters if it has the form of our own hashes, argon2id with one lane, which are of NFKC text. */
  own: { memoryKib: number; iterations: number } | null;
  /** Whether verifying it takes at most about a second and 256 MiB. */
  isAffordable: boolean;
  /** Whether the password matches; computed off the event loop. */
  matches: (password: string) => Promise<boolean>;
};

/** Bounds for imported hashes: about a second of one core, in any scheme. */
const memoryKibMax = 262_144;
/** Memory times passes (argon2) or times lanes (scrypt). */
const workKibMax = 1_048_576;
const argon2LanesMax = 64;
const bcryptCostMax = 14;
/** The minimum of bcrypt. */
const bcryptCostMin = 4;

/** Longer than any hash within those bounds. */
const textLengthMax = 512;
/** A shorter output is too easy to match by chance. */
const outputBytesMin = 16;

/**
 * Parses a hash of ours or of another system: argon2id, argon2i and argon2d as PHC strings, scrypt as a PHC string
 * (`$scrypt$ln=15,r=8,p=1$salt$hash`), bcrypt (`$2a$`, `$2b$`, `$2y$`). Returns null for anything that the verifiers
 * do not support. Computes no hash; throws nothing.
 */
export function parsePasswordHash(text: string): PasswordHash | null {
  if (text.length > textLengthMax) return null;
  if (text.startsWith('$argon2')) return parseArgon2Hash(text);
  return text.startsWith('$scrypt$') ? parseScryptHash(text) : parseBcryptHash(text);
}

/**
 * Returns why an imported hash is rejected, as the end of a sentence, or null if it is well-formed and affordable to
 * verify. Throws nothing.
 */
export function findPasswordHashViolation(text: string): string | null {
  const hash = parsePasswordHash(text);
  if (hash === null) {
    return 'must be a well-formed argon2 or scrypt hash (a PHC string), or a bcrypt hash';
  }
  return hash.isAffordable ? null : 'requires more memory or time than a sign-in may use';
}

/** Without `keyid` and `data`: a hash with another system's secret can never match. */
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
    matches: (password) => verifyArgon2(text, password),
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
    matches: (password) => verifyBcrypt(password, text),
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
    // Node counts the lanes too; twice the need, so that Node's own bound never applies.
    maxmem: 2 * 1024 * (memoryKib + r * p),
  };
  return {
    own: null,
    isAffordable: memoryKib <= memoryKibMax && memoryKib * p <= workKibMax,
    matches: async (password) =>
      timingSafeEqual(await deriveScrypt(password, Buffer.from(salt, 'base64'), options), expected),
  };
}

/** Whether the text is canonical base64 without padding. */
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
