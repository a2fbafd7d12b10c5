import { findSqlState } from './error-map.ts';

/**
 * Called as a statement is asked for, with its text and its placeholders; returns what to call at its end,
 * with the code of its fault or null. Null: nobody wants to know.
 */
export type StatementWatch = (sql: string) => ((fault: string | null) => void) | null;

/** Sends a statement and reports it. */
export async function tellStatement<T>(
  watch: StatementWatch,
  sql: string,
  send: () => Promise<T>,
): Promise<T> {
  const end = watch(sql);
  if (end === null) return await send();
  try {
    const result = await send();
    end(null);
    return result;
  } catch (error) {
    end(findSqlState(error) ?? 'unanswered');
    throw error;
  }
}
