import { type Command, Option } from 'commander';
import { CommandError } from '../errors.ts';
import { createCommandLog, printJson, printResult } from '../output.ts';
import { formatCount } from '../table.ts';
import type { ImportSummary } from '../user-import/import-users.ts';
import type { Input } from '../user-import/open-input.ts';
import type { RowFormat } from '../user-import/read-rows.ts';

type ImportOptions = {
  format?: RowFormat;
  results?: string;
  update?: boolean;
  dryRun?: boolean;
  json?: boolean;
};

/** `tenantry user import`: users from another system, with their password hashes if supported. */
export function addUserImport(user: Command): void {
  user
    .command('import')
    .description('Add people from a file of CSV or NDJSON.')
    .argument('<file>', 'what to read; - for standard input')
    .addOption(new Option('--format <format>', 'what it holds').choices(['csv', 'ndjson']))
    .option('--results <file>', 'write a line of JSON for each row: what became of it, and why')
    .option('--update', 'change the profile of who is there already; never the password')
    .option('--dry-run', 'say what would become of each row, and store nothing')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
A row has email and, if known, name, locale, avatarUrl, metadata (a JSON object), emailVerified, status,
passwordHash (argon2 or scrypt as a PHC string, or bcrypt), createdAt, and tenantSlug with roleKeys to
make a member. CSV needs a line of these names. Anyone who is there already, by address, is skipped, so
an import that was interrupted is simply started again. Blanks around a value are taken off. An address
may have letters beyond ASCII. Invalid rows are reported, with the invalid character, and stop nothing.
Exit code 1 when a row was refused.

Examples:
  $ tenantry user import people.csv --results outcome.ndjson
  $ tenantry user import people.ndjson --dry-run
  $ zcat people.csv.gz | tenantry user import - --format csv --json`,
    )
    .action(runImport);
}

async function runImport(file: string, options: ImportOptions): Promise<void> {
  const { openInput } = await import('../user-import/open-input.ts');
  const input = await openInput(file, options.format);
  try {
    const summary = await run(input, options);
    if (options.json) printJson({ ...summary, isDryRun: options.dryRun === true });
    else printResult(format(summary, options));
    if (summary.invalid > 0) throw new CommandError(describeRejected(summary, options));
  } finally {
    input.stream.destroy();
  }
}

async function run(
  input: Input,
  { update = false, dryRun = false, results: resultsPath }: ImportOptions,
): Promise<ImportSummary> {
  const { withDatabase } = await import('../with-database.ts');
  const { importUsers } = await import('../user-import/import-users.ts');
  const { readRows } = await import('../user-import/read-rows.ts');
  const { openResultFile } = await import('../user-import/results.ts');
  const { createOpenProgress } = await import('../progress.ts');
  const progress = createOpenProgress('rows');
  let done = 0;
  return withDatabase(async ({ ownerUrl }) => {
    const results = await openResultFile(resultsPath);
    try {
      return await importUsers(ownerUrl, readRows(input.stream, input.format), {
        isUpdate: update,
        isDryRun: dryRun,
        log: createCommandLog(),
        async onResults(batch) {
          await results.write(batch);
          done += batch.length;
          progress.show(done, input.getShare());
        },
      });
    } finally {
      await results.close();
    }
  });
}

function format(summary: ImportSummary, { dryRun }: ImportOptions): string {
  const { rows, created, updated, skipped, invalid, seconds } = summary;
  const counts = `${created} created, ${updated} updated, ${skipped} skipped, ${invalid} rejected`;
  const begin = dryRun ? 'Nothing was stored. Of' : 'Of';
  return `${begin} ${formatCount(rows, 'row')}: ${counts}, in ${seconds.toFixed(1)} s.`;
}

function describeRejected({ invalid, rows }: ImportSummary, { results }: ImportOptions): string {
  const where = results === undefined ? 'write why to a file with --results' : `see ${results}`;
  return `rejected ${invalid} of ${formatCount(rows, 'row')}; ${where}.`;
}
