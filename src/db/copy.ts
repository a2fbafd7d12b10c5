import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A value as COPY takes it; what is no plain value is written as JSON by the caller. */
export type CopyValue = string | number | boolean | Date | Uint8Array | null;

/** One row, in the order of the target's columns. */
export type CopyRow = readonly CopyValue[];

/** Text is handed to the socket in pieces of about this many characters. */
const pieceLength = 65_536;

/**
 * Streams rows into `target`, a table with its columns such as `people (id, name)`, and holds no
 * more than a piece of them in memory: rows are drawn as fast as the database takes them. All rows
 * arrive or none. Not possible on a table with row security. Throws what the database throws.
 */
export async function copyRows(
  client: pg.Client,
  target: string,
  rows: Iterable<CopyRow>,
): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} from stdin`));
  await pipeline(Readable.from(listPieces(rows)), stream);
}

function* listPieces(rows: Iterable<CopyRow>): Generator<string> {
  let piece = '';
  for (const row of rows) {
    piece += formatCopyRow(row);
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** One line of COPY's text format: https://www.postgresql.org/docs/18/sql-copy.html */
export function formatCopyRow(row: CopyRow): string {
  return `${row.map(formatValue).join('\t')}\n`;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

function formatValue(value: CopyValue): string {
  if (value === null) return '\\N';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\\\x${Buffer.from(value).toString('hex')}`;
  if (typeof value !== 'string') return String(value);
  // Most values hold nothing to escape, and looking is several times faster than replacing.
  if (!/[\\\t\n\r]/.test(value)) return value;
  return value.replace(/[\\\t\n\r]/g, (char) => escapes[char] ?? char);
}
