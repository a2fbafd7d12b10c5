import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { decodeTextFile, TextFileError } from '../config/text-file.ts';
import { CommandError, UsageError } from './errors.ts';

/** More than the longest password. */
const inputBytesMax = 65_536;

/** Whether the user can be prompted. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a password without showing it. Throws CommandError at Ctrl-C. */
export async function askPassword(question: string): Promise<string> {
  process.stderr.write(`${question}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await readLine('', nowhere);
  } finally {
    process.stderr.write('\n');
  }
}

/** Asks a yes/no question; anything but yes means no. */
export async function askYes(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await askLine(`${question} [y/N] `)).trim());
}

/** Asks a question and returns the line that the user types. Throws CommandError at Ctrl-C. */
export function askLine(question: string): Promise<string> {
  return readLine(question, process.stderr);
}

function readLine(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('close', () => reject(new CommandError('Nothing was changed.')));
    lines.once('SIGINT', () => lines.close());
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}

/**
 * The first line of standard input, without its end and without a byte order mark, which Windows shells put
 * before it. Throws UsageError if it is too long, or not text.
 */
export async function readPasswordFromInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > inputBytesMax) throw new UsageError('Standard input holds no password.');
  }
  return decodeInput(Buffer.concat(chunks)).replace(/\r?\n[\s\S]*$/, '');
}

function decodeInput(bytes: Buffer): string {
  try {
    return decodeTextFile(bytes);
  } catch (error) {
    if (error instanceof TextFileError) throw new UsageError(`Standard input ${error.message}.`);
    throw error;
  }
}
