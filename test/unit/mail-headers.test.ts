import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { composeInvitation } from '../../src/domains/invitations/mail.ts';
import { composeMessage } from '../../src/domains/mail/transport.ts';
import { canonicalizeEmail } from '../../src/lib/email.ts';
import { toHeaderLine } from '../../src/lib/header-text.ts';
import {
  hasPython,
  type ReadHeaders,
  readWithMailparser,
  readWithPython,
} from '../support/mail-parsers.ts';

// Texts that users typed, read back by mail programs of others. A program that decodes more than was encoded
// shows another text.

const sender = { name: 'Tenantry', address: 'post@tenantry.example' };

function compose({
  subject = 'Hello',
  to = 'mary@people.example',
  from = sender,
}): Promise<Buffer> {
  const mail = { id: 'a1', to, subject, text: 'Text', html: '<p>Text</p>', createdAt: new Date(0) };
  return new MailComposer(composeMessage(from, mail)).compile().build();
}

const readers: [string, (mails: Buffer[]) => ReadHeaders[] | Promise<ReadHeaders[]>][] = [
  ['mailparser', readWithMailparser],
  ...(hasPython ? [['Python', readWithPython] as [string, typeof readWithPython]] : []),
];

/** Texts that hide something, end a header or may be cut in two. */
const snippets = [
  ...['=?utf-8?B?aHR0cHM6Ly9ldmlsLmV4YW1wbGU=?=', '=?utf-8?Q?a=0D=0ABcc:=20b@evil.example?='],
  ...['=?', '?=', '=?utf-8?B?', '=?iso-8859-1*en?Q?a?=', "utf-8'en'%C2%A3", "subject*0*=utf-8''"],
  ...[
    '\r\n',
    '\r\nBcc: victim@evil.example\r\n\r\n',
    '\n',
    '\t',
    '\0',
    '\u0085',
    '\u2028',
    '\u2029',
  ],
  ...['\u202e', '\u2066', '\u200b', '\u200f', '\ufeff', '\ufffd', '\ud800', '\udc00', '\u00ad'],
  ...['"', '\\', '\\"', ',', ';', ':', '<', '>', '<a@evil.example>', '(', ')', '[', ']', '@', '%'],
  ...[
    '👩‍👩‍👧‍👦',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'e\u0301',
    'ﬁ',
    'Zoë',
    '東京',
    'עברית',
    'العربية',
    ' ',
    '  ',
    '_',
    '.',
    'word',
  ],
];
const typed = fc.oneof(
  fc.array(fc.constantFrom(...snippets), { maxLength: 30 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
);

const headerNames = [
  ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version'],
  ...['subject', 'to'],
];

/** Each run reads a hundred mails; a failure names them all, so nothing is shrunk. */
const runs = { numRuns: 3, endOnFailure: true };

describe.each(readers)('read by %s', (_, read) => {
  test('a subject is the text that was typed and adds no header', async () => {
    const subjects = fc.array(typed, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(subjects, async (list) => {
        // A blank text would leave the mail without a subject.
        const lines = list.map((text) => `Join ${text}`);
        const mails = await read(await Promise.all(lines.map((subject) => compose({ subject }))));
        expect(mails.map(({ subject }) => subject)).toEqual(lines.map(toHeaderLine));
        for (const { names } of mails) expect(names).toEqual(headerNames);
      }),
      runs,
    );
  });

  test('the only recipient is the address that was typed', async () => {
    const words = [
      '=?',
      '?=',
      '=?utf-8?b?',
      '=?utf-8?q?',
      '?b?',
      '?q?',
      'ags=',
      '=?a?x?b?=',
      '.',
      '..',
    ];
    const signs = fc.constantFrom(..."abz019!#$%&'*+/=?^_`{|}~-", ...words);
    const local = fc.array(signs, { minLength: 1, maxLength: 64 }).map((list) => list.join(''));
    const addresses = fc.array(local, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(addresses, async (list) => {
        const valid = list.flatMap((word) => {
          const checked = canonicalizeEmail(`${word}@people.example`);
          return checked.ok ? [checked.email] : [];
        });
        const mails = await read(await Promise.all(valid.map((to) => compose({ to }))));
        // A reader may show quotes around the local part.
        const shown = mails.map(({ to }) => to.map(([, address]) => canonicalizeEmail(address)));
        expect(shown).toEqual(valid.map((email) => [{ ok: true, email }]));
      }),
      runs,
    );
  });

  test('the sender has the configured name', async () => {
    const names = fc.array(typed, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(names, async (list) => {
        const from = list.flatMap(readSender);
        const mails = await read(await Promise.all(from.map((one) => compose({ from: one }))));
        // Python shows a space between two encoded words of a name, and one for several.
        const squeeze = (name: string) => toHeaderLine(name).replace(/\s/g, '');
        expect(
          mails.map((mail) => mail.from.map(([name, address]) => [squeeze(name), address])),
        ).toEqual(from.map(({ name, address }) => [[squeeze(name), address]]));
      }),
      runs,
    );
  });

  test('names in an invitation are plain text in subject and body', async () => {
    const name = '=?utf-8?B?aHR0cHM6Ly9ldmlsLmV4YW1wbGU=?=';
    const { subject, body } = composeInvitation({
      invitation: { email: 'mary@people.example', expiresAt: new Date(0) },
      tenantName: name,
      inviterName: name,
      token: 'tenantry_invite_x',
    });
    const [mail] = await read([await compose({ subject })]);
    expect(mail?.subject).toBe(`Invitation to join ${name}`);
    expect(body[0]).toBe(`${name} invites you to join "${name}".`);
  });
});

/** The sender in a list, or an empty list if the setting is rejected. */
function readSender(name: string) {
  try {
    return [loadConfig({ MAIL_FROM: `${name} <post@tenantry.example>` }).mail.from];
  } catch {
    return [];
  }
}

test.each(['=?utf-8?b?aGVsbG8=?=', 'a.=?utf-8*en?q?b?=', 'A=?UTF-8?Q?=41?=b'])(
  'the address %s@people.example is rejected, since mail programs would show another one',
  (local) => {
    expect(canonicalizeEmail(`${local}@people.example`)).toEqual({
      ok: false,
      reason: 'must not have an encoded word such as =?utf-8?q?…?= before the @',
    });
  },
);

test('a sender whose name is already encoded is rejected', () => {
  expect(readSender('=?utf-8?B?aGVsbG8=?=')).toEqual([]);
  expect(readSender('Zoë & Söhne')).toEqual([{ name: 'Zoë & Söhne', address: sender.address }]);
});
