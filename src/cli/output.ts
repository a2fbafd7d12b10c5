import { styleText } from 'node:util';
import { createLogger, type Logger } from '../observability/logger.ts';

/** What a command answers, on standard output; everything else it says goes to standard error. */
export function printResult(text: string): void {
  console.log(text);
}

/** The answer as data: one line of JSON. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value));
}

/** Something for people, which never mixes with the answer. */
export function printNote(text: string): void {
  console.error(text);
}

/** Why a command failed. */
export function printFault(text: string): void {
  console.error(`${styleText('red', 'error:', { stream: process.stderr })} ${text}`);
}

/** A log for commands: warnings and worse, on standard error. */
export function createCommandLog(): Logger {
  const output = { write: (line: string) => process.stderr.write(line) };
  return createLogger({ level: 'warn', format: 'pretty' }, output);
}
