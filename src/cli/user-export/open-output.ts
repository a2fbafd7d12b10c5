import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { CommandError } from '../errors.ts';

/** The destination of an export. */
export type Output = {
  write: (text: string) => Promise<void>;
  close: () => Promise<void>;
};

/**
 * A new file that only its owner may read, or standard output with backpressure. Throws CommandError if the file exists
 * already or cannot be written.
 */
export async function openOutput(path: string | undefined): Promise<Output> {
  if (path === undefined) return { write: writeToStandardOutput, close: async () => undefined };
  const file = await createFile(path);
  return { write: (text) => file.appendFile(text), close: () => file.close() };
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

async function writeToStandardOutput(text: string): Promise<void> {
  // Does not wait if the reader is gone, as with `head`.
  if (process.stdout.write(text) || process.stdout.destroyed) return;
  await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]);
}
