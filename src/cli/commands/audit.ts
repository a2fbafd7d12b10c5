import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { StoredAuditEvent } from '../audit/events.ts';
import type { VerifyOptions } from '../audit/verify.ts';
import { CommandError, UsageError } from '../errors.ts';
import { printJson, printNote, printResult, toJsonLine } from '../output.ts';
import { formatCount } from '../table.ts';

/** Audit logs are only read. */
const readOnly = { isReadOnly: true };
const tenantOption = '--tenant <slug>';
const tenantHelp = 'whose audit log: a slug, or an id, which also works for erased tenants';

/** `tenantry audit`: reads and verifies audit logs. */
export function addAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('Read audit logs, and prove that nothing was altered or removed.')
    .addHelpText('after', '\nExample:\n  $ tenantry audit verify');
  addTail(audit);
  addExport(audit);
  addVerify(audit);
}

function addTail(audit: Command): void {
  audit
    .command('tail')
    .description('Print the newest entries of an audit log, the newest last.')
    .requiredOption(tenantOption, tenantHelp)
    .option('-n, --lines <count>', 'how many', '20')
    .option('-f, --follow', 'also print new entries, until stopped')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ tenantry audit tail --tenant acme -f')
    .action(runTail);
}

function addExport(audit: Command): void {
  audit
    .command('export')
    .description('Write a whole audit log as NDJSON, the oldest entry first.')
    .requiredOption(tenantOption, tenantHelp)
    .option('--after <sequence>', 'only entries after this number', '0')
    .option('--output <file>', 'instead of standard output; created only when complete')
    .addHelpText(
      'after',
      '\nExample:\n  $ tenantry audit export --tenant acme --output acme.ndjson',
    )
    .action(runExport);
}

function addVerify(audit: Command): void {
  audit
    .command('verify')
    .description('Prove that no entry was altered or removed; exit code 1 if one was.')
    .option(tenantOption, `${tenantHelp}; else all there are`)
    .option('--all', 'every chain of every tenant and person, as without --tenant')
    .option(
      '--write-heads <file>',
      'write a signed list of how far the chains go, if all are whole',
    )
    .option('--against <file>', 'also hold them against such a list')
    .option('--json', 'print {"chains", "events", "redacted", "faults"}')
    .addHelpText(
      'after',
      `
A chain that was cut off together with its head still looks whole. It does not against a list of heads
that was written before; keep those where anyone who can change the database cannot.

Examples:
  $ tenantry audit verify --write-heads /backup/heads.json
  $ tenantry audit verify --against /backup/heads.json`,
    )
    .action(runVerify);
}

type TailOptions = { tenant: string; lines: string; follow?: boolean; json?: boolean };

async function runTail({ tenant, lines, follow = false, json = false }: TailOptions) {
  const count = parseCount('--lines', lines);
  const { followAuditLog } = await import('../audit/events.ts');
  const { printList } = await import('../list.ts');
  const { auditEventList } = await import('../views/audit-event.ts');
  await withAuditLog(
    tenant,
    (operator, chain) => {
      const events = followAuditLog(operator, chain, { count, isEndless: follow });
      return printList(events, auditEventList, { json });
    },
    follow,
  );
}

type ExportOptions = { tenant: string; after: string; output?: string };

async function runExport({ tenant, after, output }: ExportOptions): Promise<void> {
  const position = parseCount('--after', after);
  const { listAuditLog } = await import('../audit/events.ts');
  const { toAuditEventJson } = await import('../views/audit-event.ts');
  let count = 0;
  async function* toLines(pages: AsyncIterable<StoredAuditEvent[]>) {
    for await (const events of pages) {
      count += events.length;
      yield events.map((event) => `${toJsonLine(toAuditEventJson(event))}\n`).join('');
    }
  }
  await withAuditLog(tenant, async (operator, chain) => {
    const lines = Readable.from(toLines(listAuditLog(operator, chain, position)));
    if (output === undefined) return await pipeline(lines, process.stdout, { end: false });
    const unfinished = `${output}.part`;
    await pipeline(lines, createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, output);
  });
  printNote(`Wrote ${formatCount(count, 'entry', 'entries')}.`);
}

async function runVerify(options: VerifyOptions & { all?: boolean; json?: boolean }) {
  if (options.all && options.tenant !== undefined) {
    throw new UsageError('Give either --tenant or --all, not both.');
  }
  const { withDatabase } = await import('../with-database.ts');
  const { withOperator } = await import('../../db/operator.ts');
  const { verifyAuditLogs } = await import('../audit/verify.ts');
  const { describeVerification } = await import('../views/audit-event.ts');
  const found = await withDatabase(({ ownerUrl }, config) =>
    withOperator(ownerUrl, (operator) => verifyAuditLogs(operator, options, config), readOnly),
  );
  if (options.json) printJson(found);
  else printResult(describeVerification(found));
  const [first] = found.faults;
  if (first === undefined) return;
  const where = first.name ?? first.chain;
  throw new CommandError(`The first broken entry is number ${first.sequence} of ${where}.`);
}

type Work = (
  operator: import('../../db/operator.ts').Operator,
  chainId: string,
) => Promise<unknown>;

async function withAuditLog(tenant: string, work: Work, isEndless = false): Promise<void> {
  const { withDatabase } = await import('../with-database.ts');
  const { withOperator } = await import('../../db/operator.ts');
  const { getChainOf } = await import('../audit/chains.ts');
  await withDatabase(
    ({ ownerUrl }) =>
      withOperator(
        ownerUrl,
        async (operator) => work(operator, await getChainOf(operator, tenant)),
        readOnly,
      ),
    { isEndless },
  );
}

function parseCount(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number, not ${JSON.stringify(text)}.`);
}
