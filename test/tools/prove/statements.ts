import { listIndexes, listSequentialScans, nameShape, type PlanNode, type Run } from './plans.ts';

/** A distinct statement with all its runs added up. */
export type Statement = {
  text: string;
  /** How long each run took, in its order. */
  times: number[];
  /** Pages of 8 KiB that all runs together looked at. */
  buffers: number;
  buffersMax: number;
  /** Which operations had it run. */
  operations: Set<string>;
  indexes: Set<string>;
  scannedTables: Set<string>;
  /** Every different plan; the one of the run with most buffers. */
  plans: Map<string, { plan: PlanNode; runs: number; buffers: number }>;
};

/** Statements by their text. */
export type Ledger = Map<string, Statement>;

/** Adds the runs of one operation. */
export function enter(ledger: Ledger, operation: string, runs: readonly Run[]): void {
  for (const run of runs) {
    const statement = ledger.get(run.text) ?? open(ledger, run.text);
    statement.times.push(run.ms);
    statement.buffers += run.buffers;
    statement.buffersMax = Math.max(statement.buffersMax, run.buffers);
    statement.operations.add(operation);
    for (const index of listIndexes(run.plan)) statement.indexes.add(index);
    for (const table of listSequentialScans(run.plan)) statement.scannedTables.add(table);
    enterPlan(statement, run);
  }
}

function enterPlan({ plans }: Statement, { plan, buffers }: Run): void {
  const shape = nameShape(plan);
  const known = plans.get(shape);
  if (known === undefined) plans.set(shape, { plan, runs: 1, buffers });
  else {
    known.runs += 1;
    if (buffers > known.buffers) Object.assign(known, { plan, buffers });
  }
}

function open(ledger: Ledger, text: string): Statement {
  const statement: Statement = {
    text,
    times: [],
    buffers: 0,
    buffersMax: 0,
    operations: new Set(),
    indexes: new Set(),
    scannedTables: new Set(),
    plans: new Map(),
  };
  ledger.set(text, statement);
  return statement;
}
