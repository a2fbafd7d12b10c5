import { type Caller, callers } from './callers.ts';
import type { Target, Verdict } from './scene.ts';

/** One call that was made. */
export type Entry = {
  /** The field or mutation. */
  key: string;
  room: string;
  kind: 'query' | 'mutation' | 'extended input';
  caller: Caller;
  target: Target;
  verdict: Verdict;
};

/** How many calls were made, let through and rejected. */
export type Counts = { calls: number; allowed: number; refused: number };

/** Counts some entries; what is not allowed was refused, whether by an error or by silence. */
export function count(entries: readonly Entry[]): Counts {
  const allowed = entries.filter(({ verdict }) => verdict === 'allowed').length;
  return { calls: entries.length, allowed, refused: entries.length - allowed };
}

/** A line for each caller, and one for all. */
export function countByCaller(entries: readonly Entry[]): [string, Counts][] {
  const lines = callers.map((caller): [string, Counts] => [
    caller,
    count(entries.filter((entry) => entry.caller === caller)),
  ]);
  return [...lines.filter(([, { calls }]) => calls > 0), ['all', count(entries)]];
}

/** How often calls ended in each way, the most frequent first. */
export function countByVerdict(entries: readonly Entry[]): [string, number][] {
  const groups = Map.groupBy(entries, ({ verdict }) => verdict);
  return [...groups]
    .map(([verdict, { length }]): [string, number] => [verdict, length])
    .sort(([, a], [, b]) => b - a);
}
