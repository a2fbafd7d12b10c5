import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// One place decides whether a mail is sent or shown in the inbox, so there is one way into the outbox.

const root = fileURLToPath(new URL('../../', import.meta.url));
const structure = await readFile(path.join(root, 'prisma/structure.sql'), 'utf8');

/** The functions of the database whose body matches. */
function listFunctions(pattern: RegExp): string[] {
  const bodies = structure.split(/^CREATE OR REPLACE FUNCTION public\./m).slice(1);
  return bodies
    .map((text) => text.split(/^alter function /m, 1)[0] ?? '')
    .filter((text) => pattern.test(text.slice(text.indexOf('\n'))))
    .map((text) => text.slice(0, text.indexOf('(')));
}

test('only core/mail.ts puts mails into the outbox', async () => {
  const entries = await readdir(path.join(root, 'src'), { recursive: true });
  const files = entries.filter((name) => name.endsWith('.ts') && !name.includes('generated'));
  const found: string[] = [];
  for (const name of files) {
    const text = await readFile(path.join(root, 'src', name), 'utf8');
    if (/\benqueue_mail\b|\binto mail_outbox\b/i.test(text)) found.push(name);
  }
  expect(found).toEqual([path.join('core', 'mail.ts')]);
});

test('only enqueue_mail() inserts into the outbox, and each caller passes whether the mail is for the inbox', () => {
  expect(listFunctions(/insert into (public\.)?mail_outbox\b/i)).toEqual(['enqueue_mail']);
  const callers = listFunctions(/\benqueue_mail\(/);
  expect(callers).toEqual(['settle_reset_request']);
  const calls = Array.from(
    structure.matchAll(/perform enqueue_mail\((.*?)\)/g),
    ([, args = '']) => args,
  );
  expect(calls).toEqual(['request.email, request.sealed_message, request.is_for_inbox']);
});

test('the serving login has no permission on the outbox', () => {
  expect(structure).not.toMatch(/^grant .*\bon mail_outbox to tenantry_app/im);
});
