import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@node-rs/argon2';
import { createBoundedQueue, QueueFullError } from '../../lib/bounded-queue.ts';
import { normalizePassword } from '../../lib/password-rules.ts';
import { lowerPoolThreadPriority } from '../../lib/pool-threads.ts';
import { UnavailableError } from '../app-error.ts';
import { type PasswordHash, parsePasswordHash } from './hash.ts';

/** The library's number for argon2id; its enum exists only as types. */
const argon2id = 2;

/** argon2id parameters and how many hashes may run and wait. */
export type PasswordHasherSettings = {
  memoryKib: number;
  iterations: number;
  concurrency: number;
  queueMax: number;
};

export type PasswordHasher = {
  /** A PHC string for a normalised password. Throws UnavailableError when too many wait. */
  hash(password: string): Promise<string>;
  /**
   * True when the password, as it was typed, fits a hash of ours or of another system; with a null
   * hash it does the work of one of ours and returns false.
   */
  verify(stored: string | null, typed: string): Promise<boolean>;
  /** True for a hash of another system, and for one of ours with weaker parameters than now. */
  needsRehash(stored: string): boolean;
  /**
   * Does what has to be done before a hash, with a place taken for it. Throws UnavailableError where there is none;
   * nothing was begun then.
   */
  prepare<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Waits so many milliseconds for attempts under way, with no place taken. Throws UnavailableError where as many
   * wait already as hashes may.
   */
  pause(milliseconds: number): Promise<void>;
  /** How many are at work, how many wait for a hash, and how many pause. */
  stats(): { running: number; queued: number; paused: number };
  /** Called whenever there is one more of them; replaces the one before. */
  onEntered(listener: () => void): void;
};

/**
 * Hashing off the event loop (argon2 runs on the thread pool), at most `concurrency` at once, so that
 * a flood of sign-ins queues up to `queueMax` and leaves the event loop free; its threads have the lowest
 * priority of the process.
 * Parameters: OWASP Password Storage Cheat Sheet, argon2id m=19 MiB, t=2, p=1.
 */
export function createPasswordHasher(settings: PasswordHasherSettings): PasswordHasher {
  const queue = createBoundedQueue({
    concurrency: settings.concurrency,
    maxQueued: settings.queueMax,
  });
  const options = {
    algorithm: argon2id,
    memoryCost: settings.memoryKib,
    timeCost: settings.iterations,
    parallelism: 1,
    outputLen: 32,
  };
  const decoy = createDecoy(settings);
  let isPoolReady: Promise<void> | undefined;
  const run = <T>(work: () => Promise<T>) =>
    refuseIfFull(() =>
      queue.run(async () => {
        isPoolReady ??= lowerPoolThreadPriority();
        await isPoolReady;
        return await work();
      }),
    );
  let paused = 0;
  let noteEntered = () => {};
  return {
    hash: (password) => run(() => hash(password, options)),
    verify: (stored, typed) =>
      run(async () => {
        const known = stored === null ? null : parsePasswordHash(stored);
        const fits = await fitsAnyForm(known ?? decoy, typed);
        // Another system may have let the empty password pass; here it is nobody's.
        return fits && known !== null && typed !== '';
      }),
    prepare: (work) => refuseIfFull(() => queue.prepare(work)),
    needsRehash: (stored) => isWeaker(parsePasswordHash(stored), settings),
    async pause(milliseconds) {
      if (paused >= settings.queueMax) {
        throw new UnavailableError(undefined, undefined, { isOverload: true });
      }
      paused += 1;
      noteEntered();
      await sleep(milliseconds);
      paused -= 1;
    },
    stats: () => ({ ...queue.stats(), paused }),
    onEntered(listener) {
      noteEntered = listener;
      queue.onEntered(listener);
    },
  };
}

/**
 * A hash with our parameters that no password fits: random bytes in place of an output. Unknown e-mail
 * addresses are checked against it, so that they cost what known ones cost.
 */
function createDecoy({ memoryKib, iterations }: PasswordHasherSettings): PasswordHash {
  const [salt, output] = [16, 32].map((length) =>
    randomBytes(length).toString('base64').replaceAll('=', ''),
  );
  const decoy = parsePasswordHash(
    `$argon2id$v=19$m=${memoryKib},t=${iterations},p=1$${salt}$${output}`,
  );
  if (decoy === null) throw new Error('The decoy must be a well-formed hash.');
  return decoy;
}

async function refuseIfFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueueFullError)) throw error;
    throw new UnavailableError(undefined, undefined, { isOverload: true });
  }
}

/**
 * Ours are of passwords after NFKC, those of other systems of what was typed. Where a hash could be
 * either, both forms are tried, if there are two: whether they are depends on the typed text alone.
 */
async function fitsAnyForm({ own, fits }: PasswordHash, typed: string): Promise<boolean> {
  const normalized = normalizePassword(typed);
  if (own === null || normalized === typed) return await fits(typed);
  return (await fits(normalized)) || (await fits(typed));
}

/** Not ours, less memory or fewer passes: more of the one does not make up for the other. */
function isWeaker(
  known: PasswordHash | null,
  { memoryKib, iterations }: PasswordHasherSettings,
): boolean {
  const own = known?.own;
  return !(own && own.memoryKib >= memoryKib && own.iterations >= iterations);
}
