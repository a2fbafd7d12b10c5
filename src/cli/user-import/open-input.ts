import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { CommandError, UsageError } from '../errors.ts';
import { type RowFormat, rowFormats } from './read-rows.ts';

/** A file to read, or standard input. */
export type Input = {
  stream: Readable;
  format: RowFormat;
  /** The share that was read, from 0 to 1; null if unknown. */
  getShare: () => number | null;
};

/**
 * Opens the file to import; `-` means standard input. Without a format the file name decides. Throws UsageError for an
 * unknown format, CommandError for an unreadable file.
 */
export async function openInput(file: string, format: RowFormat | undefined): Promise<Input> {
  const known = format ?? findFormat(file);
  if (known === undefined) {
    throw new UsageError(`Say with --format what ${file} holds: ${rowFormats.join(' or ')}.`);
  }
  if (file === '-') return { stream: process.stdin, format: known, getShare: () => null };
  let handle: FileHandle | null = null;
  try {
    handle = await open(file);
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new Error('it is a directory');
    const stream = handle.createReadStream({ highWaterMark: 262_144 });
    const getShare = () => (stat.size === 0 ? 1 : stream.bytesRead / stat.size);
    return { stream, format: known, getShare };
  } catch (error) {
    await handle?.close();
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function findFormat(file: string): RowFormat | undefined {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.jsonl') return 'ndjson';
  return rowFormats.find((format) => extension === `.${format}`);
}
