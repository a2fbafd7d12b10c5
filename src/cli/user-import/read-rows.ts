import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { CommandError } from '../errors.ts';
import { formatCount } from '../table.ts';
import { columns } from './columns.ts';
import { readLines } from './lines.ts';

export const rowFormats = ['csv', 'ndjson'] as const;
export type RowFormat = (typeof rowFormats)[number];

/** A row by column, or why it is unreadable. Numbers count from 1, without the header. */
export type RawRow =
  | { number: number; fields: { readonly [column: string]: unknown } }
  | { number: number; fault: string };

/** Several times the size of the largest valid row. */
const rowCharsMax = 131_072;

/**
 * Streams rows as fast as they are consumed. An unreadable row is returned as such. Throws CommandError for an unusable
 * header, and for an unclosed quote, after which the next row cannot be found; rows stored before that stay.
 */
export function readRows(input: Readable, format: RowFormat): AsyncGenerator<RawRow> {
  return format === 'csv' ? readCsv(input) : readNdjson(input);
}

async function* readNdjson(input: Readable): AsyncGenerator<RawRow> {
  let number = 0;
  for await (const line of readLines(input.setEncoding('utf8'), rowCharsMax)) {
    number += 1;
    if (line === null) yield { number, fault: `must be at most ${rowCharsMax} characters` };
    else if (line.trim() !== '')
      yield parseJsonRow(number, number === 1 ? withoutMark(line) : line);
  }
}

function withoutMark(line: string): string {
  return line.replace(/^\ufeff/, '');
}

function parseJsonRow(number: number, line: string): RawRow {
  const fault = 'must be a JSON object on one line';
  try {
    const fields: unknown = JSON.parse(line);
    const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
    return isObject ? { number, fields: fields as RawRow & object } : { number, fault };
  } catch {
    return { number, fault };
  }
}

async function* readCsv(input: Readable): AsyncGenerator<RawRow> {
  const parser = input.pipe(
    parse({
      bom: true,
      // Rows with too few or too many cells are rejected one by one.
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: rowCharsMax,
    }),
  );
  input.once('error', (error) => parser.destroy(error));
  let header: readonly string[] | null = null;
  let number = 0;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (header === null) {
        header = checkHeader(cells);
        continue;
      }
      number += 1;
      yield toRow(number, header, cells);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The header is a record too.
    throw new CommandError(
      `Row ${parser.info.records} cannot be read: a quote in it is not closed, or it has more than ` +
        `${rowCharsMax} characters. Correct it and start the import again.`,
    );
  }
  if (header === null)
    throw new CommandError('The file is empty: it needs a line of column names.');
}

/** Rejects unknown columns, because a misspelt one would be missing in every row. */
function checkHeader(names: readonly string[]): readonly string[] {
  const header = names.map((name) => name.trim());
  const unknown = header.find((name) => !columns.has(name));
  if (unknown !== undefined) {
    throw new CommandError(
      `The column "${unknown}" is not known; known are ${[...columns].join(', ')}.`,
    );
  }
  const twice = header.find((name, at) => header.indexOf(name) !== at);
  if (twice !== undefined) throw new CommandError(`The column "${twice}" is there twice.`);
  if (!header.includes('email')) throw new CommandError('The column "email" is missing.');
  return header;
}

function toRow(number: number, header: readonly string[], cells: readonly string[]): RawRow {
  if (cells.length !== header.length) {
    return {
      number,
      fault: `must have ${formatCount(header.length, 'cell')}, and has ${cells.length}`,
    };
  }
  return { number, fields: Object.fromEntries(header.map((name, at) => [name, cells[at]])) };
}
