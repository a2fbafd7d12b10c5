import { InvalidInputError } from '../../core/app-error.ts';
import { checkRow } from './check-row.ts';
import type { NumberedRow } from './load.ts';
import type { RawRow } from './read-rows.ts';

/** Result for a row of the file. */
export type RowResult = {
  row: number;
  /** As stored; null if the row has no readable address. */
  email: string | null;
  outcome: 'created' | 'updated' | 'skipped' | 'invalid';
  /** The column the reason is about; null for the whole row. */
  field: string | null;
  reason: string | null;
};

/** Rows that are stored together, and those that were rejected before. */
export type ImportBatch = { rows: NumberedRow[]; rejected: RowResult[] };

/** Larger batches are not faster, and an interruption loses one batch. */
const batchRows = 5_000;
/** Limits the memory of a batch with large metadata. */
const batchMetadataChars = 8_388_608;

/** Checks rows and groups them into batches. */
export async function* createBatches(source: AsyncIterable<RawRow>): AsyncGenerator<ImportBatch> {
  let batch: ImportBatch = { rows: [], rejected: [] };
  let metadataChars = 0;
  for await (const raw of source) {
    const row = check(raw, batch.rejected);
    if (row) batch.rows.push(row);
    metadataChars += row?.metadata?.length ?? 0;
    const count = batch.rows.length + batch.rejected.length;
    if (count < batchRows && metadataChars < batchMetadataChars) continue;
    yield batch;
    batch = { rows: [], rejected: [] };
    metadataChars = 0;
  }
  if (batch.rows.length + batch.rejected.length > 0) yield batch;
}

function check(raw: RawRow, rejected: RowResult[]): NumberedRow | null {
  const reject = (field: string | null, reason: string) => {
    const email = 'fields' in raw && typeof raw.fields.email === 'string' ? raw.fields.email : null;
    const shown = email === null ? null : email.slice(0, emailCharsShown);
    rejected.push({ row: raw.number, email: shown, outcome: 'invalid', field, reason });
    return null;
  };
  if ('fault' in raw) return reject(null, `The row ${raw.fault}.`);
  try {
    return { number: raw.number, ...checkRow(raw.fields) };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return reject(error.inputPath?.[0] ?? null, error.message);
  }
}

/** An invalid address may have any length. */
const emailCharsShown = 254;
