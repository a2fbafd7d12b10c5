import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { printNote } from '../output.ts';
import { formatCount } from '../table.ts';
import type { RowFormat } from '../user-import/read-rows.ts';

type ExportOptions = { format?: RowFormat; output?: string; withPasswordHashes?: boolean };

/** `tenantry user export`: all users, to import elsewhere, or all data of one user. */
export function addUserExport(user: Command): void {
  user
    .command('export')
    .description('Write everybody as CSV or NDJSON, or all that is kept about one person as JSON.')
    .argument('[email]', 'the one person')
    .addOption(new Option('--format <format>', 'of everybody').choices(['csv', 'ndjson']))
    .option('--output <file>', 'a new file that only you may read, in place of standard output')
    .option('--with-password-hashes', 'add the hashes of passwords, which are secrets')
    .addHelpText(
      'after',
      `
What is written of everybody can be imported again. All about one person is profile, memberships,
sessions, API keys and audit log, without secrets; that it was handed out stands in the person's audit log.

Examples:
  $ tenantry user export --format csv --output people.csv
  $ tenantry user export --format ndjson --with-password-hashes | gzip > people.ndjson.gz
  $ tenantry user export mary@example.com > mary.json`,
    )
    .action((email: string | undefined, options: ExportOptions) =>
      email === undefined ? runAll(options) : runOne(email, options),
    );
}

async function runAll(options: ExportOptions): Promise<void> {
  const { output: path, withPasswordHashes: hasPasswordHashes = false } = options;
  const { withDatabase } = await import('../with-database.ts');
  const { withOperator } = await import('../../db/operator.ts');
  const { readUsers } = await import('../user-export/list-users.ts');
  const { createFormatter } = await import('../user-export/format-rows.ts');
  const { openOutput } = await import('../user-export/open-output.ts');
  const formatter = createFormatter(options.format ?? 'csv', { hasPasswordHashes });
  if (hasPasswordHashes)
    printNote('The hashes of passwords are secrets: anyone who has them can guess.');
  let count = 0;
  await withDatabase(async ({ ownerUrl }) => {
    const output = await openOutput(path);
    try {
      await output.write(formatter.header);
      await withOperator(
        ownerUrl,
        (operator) =>
          readUsers(operator, { hasPasswordHashes }, async (users) => {
            count += users.length;
            await output.write(formatter.toText(users));
          }),
        { isReadOnly: true },
      );
    } finally {
      await output.close();
    }
  });
  printNote(`Wrote ${formatCount(count, 'user')}.`);
}

async function runOne(address: string, options: ExportOptions): Promise<void> {
  if (options.format !== undefined || options.withPasswordHashes) {
    throw new UsageError('All about one person is JSON, and never has password hashes.');
  }
  const { checkEmail } = await import('../../core/input.ts');
  const { withDatabase } = await import('../with-database.ts');
  const { withOperator } = await import('../../db/operator.ts');
  const { exportPerson } = await import('../user-export/export-person.ts');
  const { openOutput } = await import('../user-export/open-output.ts');
  const email = checkEmail('email', address);
  await withDatabase(async ({ ownerUrl }) => {
    const output = await openOutput(options.output);
    try {
      const document = await withOperator(ownerUrl, (operator) => exportPerson(operator, email));
      await output.write(`${JSON.stringify(document, null, 2)}\n`);
    } finally {
      await output.close();
    }
  });
}
