import { AsyncLocalStorage } from 'node:async_hooks';

/** Ends a statement, with the code of its error (a SQLSTATE, if any) or null. */
export type EndStatement = (errorCode: string | null) => void;

/** Traced work, such as the operation of a request. */
export type TracedWork = {
  /** Begins a statement of this work; null if it is not traced. */
  beginStatement(sql: string): EndStatement | null;
  /** Begins a statement that this work shares with `others`. */
  beginSharedStatement(sql: string, others: readonly TracedWork[]): EndStatement | null;
};

const currentWork = new AsyncLocalStorage<readonly TracedWork[]>();

/**
 * Runs `run` for one piece of traced work, or for several that share it; without any it just calls `run`. Without
 * tracing the context is never entered, and reading it costs almost nothing.
 */
export function runFor<T>(work: readonly (TracedWork | null)[], run: () => T): T {
  const distinct = listDistinct(work);
  return distinct.length === 0 ? run() : currentWork.run(distinct, run);
}

/** Optimized for one, the usual case. */
function listDistinct(work: readonly (TracedWork | null)[]): readonly TracedWork[] {
  const [only = null] = work;
  if (work.length === 1) return only === null ? [] : [only];
  return [...new Set(work)].filter((one) => one !== null);
}

/** The current work; null without any, or if several share it. */
export function findTracedWork(): TracedWork | null {
  const work = currentWork.getStore();
  return work?.length === 1 ? (work[0] ?? null) : null;
}

/** Begins a statement of the current work. */
export function beginStatement(sql: string): EndStatement | null {
  const [first, ...others] = currentWork.getStore() ?? [];
  if (first === undefined) return null;
  return others.length === 0 ? first.beginStatement(sql) : first.beginSharedStatement(sql, others);
}
