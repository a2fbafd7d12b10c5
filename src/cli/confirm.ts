import { CommandError, UsageError } from './errors.ts';
import { askLine, askYes, canAsk } from './prompt.ts';
import { clean } from './table.ts';

/**
 * Makes sure, before anything is opened, that somebody can be asked or has answered already. `option` is
 * what answers in advance. Throws UsageError.
 */
export function requireAnswer(isAnswered: boolean, option = '--yes'): void {
  if (isAnswered || canAsk()) return;
  throw new UsageError(`There is no terminal to confirm this at: give ${option}.`);
}

/** Says what will happen and goes on only after a yes. Throws CommandError. */
export async function confirm(consequence: string, isAnswered: boolean): Promise<void> {
  if (isAnswered || (await askYes(`${clean(consequence)} Go on?`))) return;
  throw new CommandError('Nothing was changed.');
}

/** Says what will happen and returns what was typed to confirm it. Throws CommandError at Ctrl-C. */
export async function askToType(consequence: string, what: string): Promise<string> {
  return (await askLine(`${clean(consequence)} Type ${what} to go on: `)).trim();
}
