import { listIndexes, listSequentialScans, nameShape, type PlanNode, type Run } from './plans.ts';

/** A distinct statement with the totals of its runs. */
export type Statement = {
  text: string;
  /** Milliseconds of each run, in order. */
  times: number[];
  /** Pages of 8 KiB read by all runs. */
  buffers: number;
  buffersMax: number;
  /** The operations that ran it. */
  operations: Set<string>;
  indexes: Set<string>;
  scannedTables: Set<string>;
  /** Each distinct plan by its shape, as of the run with the most buffers. */
  plans: Map<string, { plan: PlanNode; runs: number; buffers: number }>;
};

/** Statements by text. */
export type StatementsByText = Map<string, Statement>;

/** Adds the runs of one operation. */
export function addRuns(
  statements: StatementsByText,
  operation: string,
  runs: readonly Run[],
): void {
  for (const run of runs) {
    const statement = statements.get(run.text) ?? createStatement(statements, run.text);
    statement.times.push(run.ms);
    statement.buffers += run.buffers;
    statement.buffersMax = Math.max(statement.buffersMax, run.buffers);
    statement.operations.add(operation);
    for (const index of listIndexes(run.plan)) statement.indexes.add(index);
    for (const table of listSequentialScans(run.plan)) statement.scannedTables.add(table);
    addPlan(statement, run);
  }
}

function addPlan({ plans }: Statement, { plan, buffers }: Run): void {
  const shape = nameShape(plan);
  const known = plans.get(shape);
  if (known === undefined) plans.set(shape, { plan, runs: 1, buffers });
  else {
    known.runs += 1;
    if (buffers > known.buffers) Object.assign(known, { plan, buffers });
  }
}

function createStatement(statements: StatementsByText, text: string): Statement {
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
  statements.set(text, statement);
  return statement;
}
