import { expect, test } from 'vitest';
import { toMailName } from '../../src/domains/invitations/mail.ts';

test.each([
  ['Acme', 'Acme'],
  ['St. Mary & Sons Ltd.', 'St. Mary & Sons Ltd.'],
  ['Zoë O’Brien', 'Zoë O’Brien'],
  ['https://evil.example/x', 'https evil example x'],
  ['www.evil.example', 'www evil example'],
  ['evil．example', 'evil example'],
  ['evil。example', 'evil example'],
  ['ev\u200bil.exa\u00admple', 'ev il exa mple'],
  ['mail me@evil.example', 'mail me evil example'],
  ['a\r\nBcc: b', 'a Bcc b'],
  ['"Acme" <b>', 'Acme b'],
  ['\u202eemcA', 'emcA'],
  ['   ', ''],
  ['The 👩🏽‍💻👨‍👩‍👧 Club', 'The 👩🏽‍💻👨‍👩‍👧 Club'],
  ['👩\u200devil', '👩 evil'],
  ['=?utf-8?B?aGVsbG8=?=', '=?utf-8?B?aGVsbG8=?='],
])('the name %j is written in a mail as %j', (name, line) => {
  expect(toMailName(name)).toBe(line);
});

test('a long name is cut at a whole character', () => {
  expect(toMailName('👩'.repeat(100))).toBe(`${'👩'.repeat(60)}…`);
});
