import type { Target, Verdict } from './attempt.ts';
import { type Caller, callers } from './callers.ts';

/** A call that was made. */
export type CallRecord = {
  /** The field or mutation. */
  key: string;
  rule: string;
  kind: 'query' | 'mutation' | 'extended input';
  caller: Caller;
  target: Target;
  verdict: Verdict;
};

/** Numbers of calls. */
export type Counts = { calls: number; allowed: number; denied: number };

/** Counts calls; everything but "allowed" counts as denied, including null and empty. */
export function count(records: readonly CallRecord[]): Counts {
  const allowed = records.filter(({ verdict }) => verdict === 'allowed').length;
  return { calls: records.length, allowed, denied: records.length - allowed };
}

/** A line for each caller, and one for all. */
export function countByCaller(records: readonly CallRecord[]): [string, Counts][] {
  const lines = callers.map((caller): [string, Counts] => [
    caller,
    count(records.filter((entry) => entry.caller === caller)),
  ]);
  return [...lines.filter(([, { calls }]) => calls > 0), ['all', count(records)]];
}

/** The number of calls per verdict, the most frequent first. */
export function countByVerdict(records: readonly CallRecord[]): [string, number][] {
  const groups = Map.groupBy(records, ({ verdict }) => verdict);
  return [...groups]
    .map(([verdict, { length }]): [string, number] => [verdict, length])
    .sort(([, a], [, b]) => b - a);
}
