import { styleText } from 'node:util';
import { createLogger, type Logger } from '../observability/logger.ts';

/** The result of a command, on standard output; everything else goes to standard error. */
export function printResult(text: string): void {
  console.log(text);
}

/** The answer as data: one line of JSON. */
export function printJson(value: unknown): void {
  console.log(toJsonLine(value));
}

/** A value as one line of JSON, in which nothing can steer a terminal. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Part of a long answer: resolves when it has gone out, with false when nobody reads any more, as after
 * `head`.
 */
export function writeResult(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, (error) => resolve(!error));
  });
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
