import { type FileHandle, open } from 'node:fs/promises';
import { CommandError } from '../errors.ts';
import type { RowResult } from './batches.ts';

/** The file with one line for each row. */
export type ResultFile = {
  write: (results: readonly RowResult[]) => Promise<void>;
  close: () => Promise<void>;
};

/** Creates or overwrites a file of one JSON object a line; without a path does nothing. Throws CommandError. */
export async function openResultFile(path: string | undefined): Promise<ResultFile> {
  const file = path === undefined ? null : await openForWriting(path);
  return {
    async write(results) {
      await file?.appendFile(results.map((result) => `${JSON.stringify(result)}\n`).join(''));
    },
    close: async () => file?.close(),
  };
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${(error as Error).message}`);
  }
}
