import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A value that COPY accepts; the caller writes structured values as JSON. */
export type CopyValue = string | number | boolean | Date | Uint8Array | null;

/** One row, in the order of the target's columns. */
export type CopyRow = readonly CopyValue[];

/** Text is written to the socket in chunks of about this many characters. */
const chunkLength = 65_536;

/**
 * Streams rows into `target`, a table with its columns such as `people (id, name)`. Rows are read as fast as the
 * database accepts them, with one chunk in memory. All or nothing. Not possible on a table with row security.
 * Throws what the database throws.
 */
export async function copyRows(
  client: pg.Client,
  target: string,
  rows: Iterable<CopyRow>,
): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} from stdin`));
  await pipeline(Readable.from(listChunks(rows)), stream);
}

function* listChunks(rows: Iterable<CopyRow>): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    chunk += formatCopyRow(row);
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
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
  // Most values need no escaping, and testing is several times faster than replacing.
  if (!/[\\\t\n\r]/.test(value)) return value;
  return value.replace(/[\\\t\n\r]/g, (char) => escapes[char] ?? char);
}
