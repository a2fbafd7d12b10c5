import { CommandError, UsageError } from './errors.ts';
import { askLine, askYes, canAsk } from './prompt.ts';
import { clean } from './table.ts';

/**
 * Verifies, before anything is opened, that the user can be prompted or has confirmed with `option`.
 * Throws UsageError.
 */
export function requireConfirmation(isAnswered: boolean, option = '--yes'): void {
  if (isAnswered || canAsk()) return;
  throw new UsageError(`There is no terminal to confirm this at: give ${option}.`);
}

/** Shows the consequence and asks for confirmation. Throws CommandError unless it is given. */
export async function confirm(consequence: string, isAnswered: boolean): Promise<void> {
  if (isAnswered || (await askYes(`${clean(consequence)} Go on?`))) return;
  throw new CommandError('Nothing was changed.');
}

/** Shows the consequence and returns what the user types to confirm it. Throws CommandError at Ctrl-C. */
export async function askToType(consequence: string, what: string): Promise<string> {
  return (await askLine(`${clean(consequence)} Type ${what} to go on: `)).trim();
}
