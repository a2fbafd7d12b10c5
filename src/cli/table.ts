import { styleText } from 'node:util';
import Table from 'cli-table3';

/** A column of a table: its title, and its text for a row. */
export type Column<Row> = {
  title: string;
  toText: (row: Row) => string | number | null;
  /** Shortened if the terminal is too narrow. Not for values to copy. */
  isFlexible?: boolean;
};

/** Formats rows in batches; columns stay aligned from batch to batch. */
export type RowFormatter<Row> = (rows: readonly Row[]) => string;

const gap = 2;
/** Smallest useful width of a shortened column. */
const flexibleWidthMin = 12;

/** Control characters, line breaks and bidirectional marks. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const borders = 'top bottom left right mid'.split(' ');
const places = borders.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]);
const noBorders = Object.fromEntries([...places, 'middle'].map((place) => [place, '']));

/**
 * A table for people: titles once, then rows. `terminalWidth` is null if the output is no terminal; nothing is
 * shortened then. Colours only on a terminal, and none with NO_COLOR.
 */
export function createTable<Row>(
  columns: readonly Column<Row>[],
  terminalWidth: number | null,
): RowFormatter<Row> {
  let widths: number[] = [];
  const title = columns.map((column) =>
    styleText('bold', column.title, { stream: process.stdout }),
  );
  return (rows) => {
    const cells = rows.map((row) => columns.map(({ toText }) => clean(toText(row))));
    const lines = widths.length === 0 ? [title, ...cells] : cells;
    const needed = measure(lines).map((width, index) => Math.max(width, widths[index] ?? 0));
    widths = terminalWidth === null ? needed : shrink(needed, columns, terminalWidth);
    return render(lines, widths);
  };
}

/** Names and values, one a line. */
export function formatFacts(facts: readonly (readonly [name: string, value: unknown])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + gap;
  return facts.map(([name, value]) => `${name.padEnd(width)}${clean(value)}`).join('\n');
}

/** A count with its noun. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** A time in UTC, to the minute. */
export function formatTime(time: Date | null): string {
  return time === null ? '' : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * Replaces terminal control characters and bidirectional marks, because some values, such as user agents, are stored
 * unchecked.
 */
export function clean(value: unknown): string {
  if (value === null || value === undefined) return '';
  return String(value).replace(unsafe, '\ufffd');
}

function render(lines: readonly string[][], colWidths: number[]): string {
  const table = createPlainTable(colWidths);
  table.push(...lines);
  return trimLines(table.toString());
}

/** The natural widths of the columns. */
function measure(lines: readonly string[][]): number[] {
  const table = createPlainTable([]);
  table.push(...lines);
  table.toString();
  return table.options.colWidths.map((width) => width ?? 0);
}

function createPlainTable(colWidths: number[]) {
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': gap };
  return new Table({ chars: noBorders, style, colWidths: [...colWidths] });
}

function trimLines(text: string): string {
  return text.replace(/ +$/gm, '');
}

/** Shortens the widest flexible column until all fit or none can be shortened further. */
function shrink<Row>(
  widths: readonly number[],
  columns: readonly Column<Row>[],
  terminalWidth: number,
): number[] {
  const result = [...widths];
  const flexible = [...columns.keys()].filter((index) => columns[index]?.isFlexible);
  let surplus = result.reduce((sum, width) => sum + width, 0) - gap - terminalWidth;
  while (surplus > 0) {
    const widest = flexible.toSorted((a, b) => (result[b] ?? 0) - (result[a] ?? 0))[0];
    const width = widest === undefined ? 0 : (result[widest] ?? 0);
    if (widest === undefined || width <= flexibleWidthMin) return result;
    result[widest] = width - 1;
    surplus -= 1;
  }
  return result;
}
