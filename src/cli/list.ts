import { printNote, toJsonLine, writeResult } from './output.ts';
import { type Column, createTable } from './table.ts';

/** How the rows of a list are printed, as a table and as JSON. */
export type ListView<Row> = {
  /** Noun for the rows, as in "No tenants." */
  noun: string;
  columns: readonly Column<Row>[];
  toJson: (row: Row) => object;
};

/**
 * Prints a list as it is read: a table or, with `json`, one object a line. Keeps one page in memory, and stops when the
 * output is closed.
 */
export async function printList<Row>(
  pages: AsyncIterable<readonly Row[]>,
  { noun, columns, toJson }: ListView<Row>,
  { json = false }: { json?: boolean | undefined },
): Promise<void> {
  const formatRows = createTable(columns, process.stdout.isTTY ? process.stdout.columns : null);
  let count = 0;
  for await (const rows of pages) {
    count += rows.length;
    if (rows.length === 0) continue;
    const text = json ? rows.map((row) => toJsonLine(toJson(row))).join('\n') : formatRows(rows);
    if (!(await writeResult(text))) return;
  }
  if (count === 0 && !json) printNote(`No ${noun}.`);
}
