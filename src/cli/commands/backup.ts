import type { Command } from 'commander';
import { printJson, printResult } from '../output.ts';

type BackupOptions = { pgBin?: string; json?: boolean };

/** `tenantry backup`: a copy of the database, made while it serves. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('Copy the database into a new folder, while it serves.')
    .argument('<folder>', 'a folder that does not exist yet')
    .option('--pg-bin <folder>', 'where pg_dump is, if not on the PATH (with DATABASE_URL)')
    .option('--json', 'print {"folder", "kind", "bytes", "seconds"}')
    .addHelpText(
      'after',
      `
The embedded PostgreSQL is copied file by file with the log that makes the copy whole, and needs no
other program. A PostgreSQL of your own is dumped with its pg_dump, of the server's major version or a
newer one, and as a superuser or another role that row security lets through.

The folder holds hashes of passwords and tokens: keep it as you keep the database. TENANTRY_SECRET is
not in it. It is complete once it holds backup.json. Works before and after a migration.

Examples:
  $ tenantry backup /backups/tenantry-$(date +%F)
  $ tenantry backup /backups/monday --pg-bin /usr/lib/postgresql/18/bin`,
    )
    .action(runBackup);
}

async function runBackup(folder: string, options: BackupOptions): Promise<void> {
  const { createBackup } = await import('../backup/create-backup.ts');
  const { withAnyDatabase } = await import('../with-database.ts');
  const began = performance.now();
  const made = await withAnyDatabase(({ ownerUrl }, config) =>
    createBackup({ folder, ownerUrl, config, pgBin: options.pgBin }),
  );
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (options.json) printJson({ ...made, seconds });
  else
    printResult(`${made.folder} holds a whole backup: ${describeSize(made.bytes)}, ${seconds} s.`);
}

function describeSize(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1_048_576))} MB`;
}
