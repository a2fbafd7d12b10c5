import { findSqlState } from './error-map.ts';

/**
 * Called before a statement is sent, with its text and placeholders. Returns a callback for its end, which gets the
 * error code or null; or null if the statement is not watched.
 */
export type StatementWatch = (sql: string) => ((errorCode: string | null) => void) | null;

/** Sends a statement and reports it to `watch`. */
export async function reportStatement<T>(
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
