import { hash, verify } from '@node-rs/argon2';
import { createBoundedQueue, QueueFullError } from '../lib/bounded-queue.ts';
import { UnavailableError } from './app-error.ts';

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
  /** A PHC string for a normalised password. Raises UnavailableError when too many wait. */
  hash(password: string): Promise<string>;
  /** True when the password fits; with a null hash it does the same work and answers false. */
  verify(phc: string | null, password: string): Promise<boolean>;
  /** True when a hash was made with weaker parameters than are in force now. */
  needsRehash(phc: string): boolean;
};

/**
 * Hashing off the event loop (argon2 runs on the thread pool), at most `concurrency` at once, so that
 * a flood of sign-ins queues up to `queueMax` and leaves every other path fast.
 * Parameters: OWASP Password Storage Cheat Sheet, argon2id m=19 MiB, t=2, p=1.
 */
export async function createPasswordHasher(
  settings: PasswordHasherSettings,
): Promise<PasswordHasher> {
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
  // What unknown e-mail addresses are checked against, so that they cost what known ones cost.
  const decoy = await hash('a password that nobody has', options);
  return {
    hash: (password) => enqueue(() => hash(password, options)),
    verify: (phc, password) =>
      enqueue(async () => {
        const fits = await verify(phc ?? decoy, password);
        return fits && phc !== null;
      }),
    needsRehash: (phc) => isWeaker(phc, settings),
  };

  async function enqueue<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await queue.run(work);
    } catch (error) {
      if (error instanceof QueueFullError) throw new UnavailableError();
      throw error;
    }
  }
}

/** Another algorithm, less memory or fewer passes: more of the one does not make up for the other. */
function isWeaker(phc: string, { memoryKib, iterations }: PasswordHasherSettings): boolean {
  const [, memory, passes] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(phc) ?? [];
  return !(Number(memory) >= memoryKib && Number(passes) >= iterations);
}
