import type { Command } from 'commander';
import type { EndedCredentials } from '../backup/end-credentials.ts';
import type { Restored } from '../backup/restore-backup.ts';
import { confirm, requireConfirmation } from '../confirm.ts';
import { printJson, printResult } from '../output.ts';
import { formatCount } from '../table.ts';

type RestoreOptions = { keepKeys?: boolean; pgBin?: string; yes?: boolean; json?: boolean };

/** `tenantry restore`: a backup in the place of the database. */
export function addRestore(program: Command): void {
  program
    .command('restore')
    .description('Put a backup in the place of the database, and end all that was issued before.')
    .argument('<folder>', 'what tenantry backup has made; "now" for the database as it stands')
    .option('--keep-keys', 'leave the API keys of the backup good, also those revoked since')
    .option('--pg-bin <folder>', 'where pg_restore is, if not on the PATH (with DATABASE_URL)')
    .option('--yes', 'without asking')
    .option('--json', 'print what was ended, proven and put aside')
    .addHelpText(
      'after',
      `
Stop all servers first. What was there before is put aside and not deleted. A backup does not know what
was revoked after it was made, so all sessions, links in mails, invitations and API keys of it end.
People sign in again, and keys are made anew.

After a database was set back by other means, such as the snapshots of a cloud, "tenantry restore now"
ends the same and leaves the rest as it is.

Examples:
  $ tenantry restore /backups/tenantry-2026-01-31
  $ tenantry restore /backups/monday --keep-keys --yes
  $ tenantry restore now`,
    )
    .action(runRestore);
}

async function runRestore(folder: string, options: RestoreOptions): Promise<void> {
  requireConfirmation(options.yes ?? false);
  const what = folder === 'now' ? 'The database stays' : 'The database is replaced';
  const keys = options.keepKeys ? '' : ' and all API keys';
  await confirm(`${what}, and all sessions${keys} end.`, options.yes ?? false);
  const began = performance.now();
  const keepsKeys = options.keepKeys ?? false;
  const restored = await (folder === 'now'
    ? endNow(keepsKeys)
    : restore(folder, { ...options, keepsKeys }));
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (options.json) printJson({ ...restored, seconds });
  else printResult(describe(restored, seconds));
}

async function restore(folder: string, options: { keepsKeys: boolean; pgBin?: string }) {
  const { readConfig } = await import('../../config.ts');
  const { restoreBackup } = await import('../backup/restore-backup.ts');
  const { keepsKeys, pgBin } = options;
  return restoreBackup({ folder, config: readConfig(), keepsKeys, pgBin });
}

async function endNow(keepsKeys: boolean): Promise<Pick<Restored, 'ended'>> {
  const { endCredentials } = await import('../backup/end-credentials.ts');
  const { withDatabase } = await import('../with-database.ts');
  const { withOperator } = await import('../../db/operator.ts');
  return withDatabase(({ ownerUrl }) =>
    withOperator(ownerUrl, async (operator) => ({
      ended: await endCredentials(operator, { keepsKeys }),
    })),
  );
}

function describe(restored: Pick<Restored, 'ended'> & Partial<Restored>, seconds: number): string {
  const { createdAt, auditEvents, aside, ended } = restored;
  const lines = [`Ended: ${describeEnded(ended)}.`];
  if (createdAt === undefined) return lines.join('\n');
  lines.unshift(`Restored as it was at ${createdAt}, in ${seconds} s.`);
  lines.push(`Proven: ${formatCount(auditEvents ?? 0, 'audit event')}.`);
  if (aside) lines.push(`What was there before: ${aside} (delete it when nobody needs it).`);
  return lines.join('\n');
}

function describeEnded({ sessions, oneTimeTokens, invitations, apiKeys }: EndedCredentials) {
  return [
    formatCount(sessions, 'session'),
    formatCount(oneTimeTokens, 'link'),
    formatCount(invitations, 'invitation'),
    formatCount(apiKeys, 'API key'),
  ].join(', ');
}
