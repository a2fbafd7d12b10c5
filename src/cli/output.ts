import { styleText } from 'node:util';
import { createLogger, type Logger } from '../observability/logger.ts';

/** The result of a command, on standard output; everything else goes to standard error. */
export function printResult(text: string): void {
  console.log(text);
}

/** Prints the result as one line of JSON. */
export function printJson(value: unknown): void {
  console.log(toJsonLine(value));
}

/** A value as one line of JSON without terminal control characters. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Writes part of a long result. Resolves when it is written, with false if the output is closed, as by `head`.
 */
export function writeResult(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, (error) => resolve(!error));
  });
}

/** Prints a note for people, on standard error. */
export function printNote(text: string): void {
  console.error(text);
}

/** Prints why a command failed, on standard error. */
export function printError(text: string): void {
  console.error(`${styleText('red', 'error:', { stream: process.stderr })} ${text}`);
}

/** A log for commands: warnings and worse, on standard error. */
export function createCommandLog(): Logger {
  const output = { write: (line: string) => process.stderr.write(line) };
  return createLogger({ level: 'warn', format: 'pretty' }, output);
}
