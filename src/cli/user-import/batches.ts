import { InvalidInputError } from '../../core/app-error.ts';
import { checkRow } from './check-row.ts';
import type { NumberedRow } from './load.ts';
import type { RawRow } from './read-rows.ts';

/** Result for a row of the file. */
export type RowResult = {
  row: number;
  /** As it is stored; null where the row has none that can be read. */
  email: string | null;
  outcome: 'created' | 'updated' | 'skipped' | 'invalid';
  /** The column the reason is about; null for the whole row. */
  field: string | null;
  reason: string | null;
};

/** Rows that are stored together, and those among them that were refused before. */
export type ImportBatch = { rows: NumberedRow[]; refused: RowResult[] };

/** As many rows as pay off; larger ones gain nothing, and a stop loses the work on one. */
const batchRows = 5_000;
/** Metadata may be large: a batch is full before it is a burden. */
const batchMetadataChars = 8_388_608;

/** Checks rows and puts them into batches, the last one as it is. */
export async function* createBatches(source: AsyncIterable<RawRow>): AsyncGenerator<ImportBatch> {
  let batch: ImportBatch = { rows: [], refused: [] };
  let metadataChars = 0;
  for await (const raw of source) {
    const row = check(raw, batch.refused);
    if (row) batch.rows.push(row);
    metadataChars += row?.metadata?.length ?? 0;
    const count = batch.rows.length + batch.refused.length;
    if (count < batchRows && metadataChars < batchMetadataChars) continue;
    yield batch;
    batch = { rows: [], refused: [] };
    metadataChars = 0;
  }
  if (batch.rows.length + batch.refused.length > 0) yield batch;
}

function check(raw: RawRow, refused: RowResult[]): NumberedRow | null {
  const refuse = (field: string | null, reason: string) => {
    const email = 'fields' in raw && typeof raw.fields.email === 'string' ? raw.fields.email : null;
    const shown = email === null ? null : email.slice(0, emailCharsShown);
    refused.push({ row: raw.number, email: shown, outcome: 'invalid', field, reason });
    return null;
  };
  if ('fault' in raw) return refuse(null, `The row ${raw.fault}.`);
  try {
    return { number: raw.number, ...checkRow(raw.fields) };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return refuse(error.inputPath?.[0] ?? null, error.message);
  }
}

/** An invalid address may have any length. */
const emailCharsShown = 254;
