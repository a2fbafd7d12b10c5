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

/** argon2id parameters, and the limits of running and queued hashes. */
export type PasswordHasherSettings = {
  memoryKib: number;
  iterations: number;
  concurrency: number;
  queueMax: number;
};

export type PasswordHasher = {
  /** Hashes a normalised password to a PHC string. @throws UnavailableError if the queue is full */
  hash(password: string): Promise<string>;
  /**
   * Verifies a password as typed against a hash of ours or of another system. For null it does the work of one of our
   * hashes and returns false.
   */
  verify(stored: string | null, typed: string): Promise<boolean>;
  /** Whether a hash is another system's, or weaker than the current parameters. */
  needsRehash(stored: string): boolean;
  /**
   * Runs work that precedes a hash, with a slot reserved for the hash.
   * @throws UnavailableError if the queue is full; `work` is not started then
   */
  prepare<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Waits without holding a slot.
   * @throws UnavailableError if as many callers pause as hashes may queue
   */
  pause(milliseconds: number): Promise<void>;
  stats(): { running: number; queued: number; paused: number };
  /** Sets the listener that is called whenever one of these counts grows. */
  onEntered(listener: () => void): void;
};

/**
 * Hashes passwords off the event loop (argon2 runs on the thread pool), `concurrency` at a time with `queueMax` queued.
 * The threads of the pool get the lowest priority of the process.
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
    rejectIfFull(() =>
      queue.run(async () => {
        isPoolReady ??= lowerPoolThreadPriority();
        await isPoolReady;
        return await work();
      }),
    );
  let paused = 0;
  let notifyEntered = () => {};
  return {
    hash: (password) => run(() => hash(password, options)),
    verify: (stored, typed) =>
      run(async () => {
        const known = stored === null ? null : parsePasswordHash(stored);
        const isMatch = await matchesAnyForm(known ?? decoy, typed);
        // Another system may have allowed the empty password; this one does not.
        return isMatch && known !== null && typed !== '';
      }),
    prepare: (work) => rejectIfFull(() => queue.prepare(work)),
    needsRehash: (stored) => isWeaker(parsePasswordHash(stored), settings),
    async pause(milliseconds) {
      if (paused >= settings.queueMax) {
        throw new UnavailableError(undefined, undefined, { isOverload: true });
      }
      paused += 1;
      notifyEntered();
      await sleep(milliseconds);
      paused -= 1;
    },
    stats: () => ({ ...queue.stats(), paused }),
    onEntered(listener) {
      notifyEntered = listener;
      queue.onEntered(listener);
    },
  };
}

/**
 * A hash with our parameters that no password matches: its output is random. Sign-ins with unknown e-mail addresses
 * verify it, so that they take as long as known ones.
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

async function rejectIfFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueueFullError)) throw error;
    throw new UnavailableError(undefined, undefined, { isOverload: true });
  }
}

/**
 * Our hashes are of NFKC text, those of other systems of the typed text. If a hash could be either, both forms are
 * tried; whether there are two depends on the typed text alone.
 */
async function matchesAnyForm({ own, matches }: PasswordHash, typed: string): Promise<boolean> {
  const normalized = normalizePassword(typed);
  if (own === null || normalized === typed) return await matches(typed);
  return (await matches(normalized)) || (await matches(typed));
}

/** Whether a hash is not ours, or has less memory or fewer iterations; neither makes up for the other. */
function isWeaker(
  known: PasswordHash | null,
  { memoryKib, iterations }: PasswordHasherSettings,
): boolean {
  const own = known?.own;
  return !(own && own.memoryKib >= memoryKib && own.iterations >= iterations);
}
