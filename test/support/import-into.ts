import { Readable } from 'node:stream';
import type { RowResult } from '../../src/cli/user-import/batches.ts';
import { importUsers } from '../../src/cli/user-import/import-users.ts';
import { type RowFormat, readRows } from '../../src/cli/user-import/read-rows.ts';
import type { TestApp } from './app.ts';

export type ImportOptions = { isUpdate?: boolean; isDryRun?: boolean };

/** Imports a text as the command does. Returns the summary and the result of each row. */
export async function importInto(
  { ownerUrl }: TestApp,
  { format, text }: { format: RowFormat; text: string },
  { isUpdate = false, isDryRun = false }: ImportOptions = {},
) {
  const results: RowResult[] = [];
  const summary = await importUsers(ownerUrl, readRows(Readable.from([text]), format), {
    isUpdate,
    isDryRun,
    onResults: async (batch) => {
      results.push(...batch);
    },
  });
  return { results, summary };
}

export function toNdjson(rows: readonly object[]): string {
  return rows.map((row) => JSON.stringify(row)).join('\n');
}
