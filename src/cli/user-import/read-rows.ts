import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { CommandError } from '../errors.ts';
import { columns } from './columns.ts';
import { readLines } from './lines.ts';

export const rowFormats = ['csv', 'ndjson'] as const;
export type RowFormat = (typeof rowFormats)[number];

/** One row of the file by column, or why it is none; numbers count from 1, without the header. */
export type RawRow =
  | { number: number; fields: { readonly [column: string]: unknown } }
  | { number: number; fault: string };

/** Several times what the fields of a good row can come to. */
const rowCharsMax = 131_072;

/**
 * Reads rows as fast as they are asked for, however long the file. A row that cannot be read is
 * answered as such and the next one follows. Throws CommandError where a file has no usable header,
 * or where a quote is so broken that nobody can say where the next row begins; what was stored until
 * then stays.
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
      // Rows with too few or too many cells are ours to refuse, one by one.
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
        `${rowCharsMax} characters. Mend it and start the import again.`,
    );
  }
  if (header === null)
    throw new CommandError('The file is empty: it needs a line of column names.');
}

/** A misspelt column would be left out of every row, so none is. */
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
    return { number, fault: `must have ${header.length} cells, and has ${cells.length}` };
  }
  return { number, fields: Object.fromEntries(header.map((name, at) => [name, cells[at]])) };
}
