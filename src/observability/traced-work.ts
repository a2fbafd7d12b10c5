import { AsyncLocalStorage } from 'node:async_hooks';

/** Called when a statement has ended, with the code of its fault (SQLSTATE where there is one) or null. */
export type EndStatement = (fault: string | null) => void;

/** Something that is traced while it runs, such as the operation of a request. */
export type TracedWork = {
  /** Notes that a statement is sent; null where nobody wants to know of it. */
  beginStatement(sql: string): EndStatement | null;
  /** The same for a statement that is sent once for this work and for `others`. */
  beginSharedStatement(sql: string, others: readonly TracedWork[]): EndStatement | null;
};

const currentWork = new AsyncLocalStorage<readonly TracedWork[]>();

/**
 * Runs `run` on behalf of one piece of work or of several that share it; of none it runs as it is. Without
 * traces nothing ever enters here, and asking who is inside costs next to nothing.
 */
export function runFor<T>(work: readonly (TracedWork | null)[], run: () => T): T {
  const distinct = listDistinct(work);
  return distinct.length === 0 ? run() : currentWork.run(distinct, run);
}

/** Nearly always it is one; this runs for each request. */
function listDistinct(work: readonly (TracedWork | null)[]): readonly TracedWork[] {
  const [only = null] = work;
  if (work.length === 1) return only === null ? [] : [only];
  return [...new Set(work)].filter((one) => one !== null);
}

/** The one piece of work that runs now; null where there is none, or several share what runs. */
export function findTracedWork(): TracedWork | null {
  const work = currentWork.getStore();
  return work?.length === 1 ? (work[0] ?? null) : null;
}

/** Notes a statement of whatever runs now. */
export function beginStatement(sql: string): EndStatement | null {
  const [first, ...others] = currentWork.getStore() ?? [];
  if (first === undefined) return null;
  return others.length === 0 ? first.beginStatement(sql) : first.beginSharedStatement(sql, others);
}
