import { expect, test } from 'vitest';
import { canonicalizeEmail } from '../../../src/lib/email.ts';

const accepted: readonly (readonly [raw: string, email: string])[] = [
  ['ada@example.org', 'ada@example.org'],
  ['Ada.LOVELACE+Tag@EXAMPLE.Org', 'ada.lovelace+tag@example.org'],
  ["o'neil_!#$%&*/=?^`{|}~-@example.org", "o'neil_!#$%&*/=?^`{|}~-@example.org"],
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['ada@BU\u0308CHER.example', 'ada@xn--bcher-kva.example'],
  ['ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
  ['ada@faß.de', 'ada@xn--fa-hia.de'],
  ['ada@例え。テスト', 'ada@xn--r8jz45g.xn--zckzah'],
  ['ada@mail.sub-domain.example', 'ada@mail.sub-domain.example'],
  ['1@2.example', '1@2.example'],
];

/** The blanks that keyboards, copied text and files contain. */
const blanks =
  ' \t\n\r\u00a0\u0085\u2003\u3000\u2028\u200b\u200c\u200d\u200e\u202a\u202c\u2060\u2066\u2069\ufeff\u00ad';

const beyondAscii: readonly (readonly [raw: string, email: string])[] = [
  ['müller@example.com', 'müller@example.com'],
  ['MU\u0308LLER@example.com', 'müller@example.com'],
  ['STRA\u1e9eE@example.de', 'straße@example.de'],
  ['최상수@example.com', '최상수@example.com'],
  ['\u110e\u116c\u1109\u1161\u11bc\u1109\u116e@example.com', '최상수@example.com'],
  ['ИВАН.П@пример.рф', 'иван.п@xn--e1afmkfd.xn--p1ai'],
  ['ΟΔΟΣ@example.gr', 'οδος@example.gr'],
  ['山田tarou@example.jp', '山田tarou@example.jp'],
  ['क्ष@example.in', 'क्ष@example.in'],
  ['abc.@docomo.example', 'abc.@docomo.example'],
  ['.abc@docomo.example', '.abc@docomo.example'],
  ['A..b@docomo.example', 'a..b@docomo.example'],
  ['"a..b"@docomo.example', 'a..b@docomo.example'],
  ['"ada"@example.org', 'ada@example.org'],
];

const wrapped: readonly (readonly [raw: string, email: string])[] = [
  ...Array.from(blanks, (blank): readonly [string, string] => [
    `${blank}mary@example.com${blank}`,
    'mary@example.com',
  ]),
  [`${blanks}mary@example.com${blanks}`, 'mary@example.com'],
  ['mailto:mary@example.com', 'mary@example.com'],
  [' <Mary@example.com> ', 'mary@example.com'],
  ['MAILTO: < mary@example.com >', 'mary@example.com'],
];

test.each(wrapped)('%j is stored as %j, without the text around the address', (raw, email) => {
  expect(canonicalizeEmail(raw)).toEqual({ ok: true, email });
});

test.each(beyondAscii)('%j is stored as %j, with the local part kept', (raw, email) => {
  expect(canonicalizeEmail(raw)).toEqual({ ok: true, email });
  expect(canonicalizeEmail(email)).toEqual({ ok: true, email });
});

test.each([
  '=?utf-8?q?ada?=@x.example',
  '=?UTF-8*en?B?YQ==?=@x.example',
  'a=?x?q??=b@x.example',
  '=??q?ada?=@x.example',
  '=??b?..?=@x.example',
  '=?utf-8?b?=aags=$@x.example',
])('%j is rejected, since mail programs decode the encoded word in it', (raw) => {
  expect(canonicalizeEmail(raw)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('an encoded word'),
  });
});

test.each([
  ['\u0430da@x.example', /"а" \(U\+0430\) is Cyrillic, "d" \(U\+0064\) is Latin/],
  ['ad\u03b1@x.example', /"a" \(U\+0061\) is Latin, "α" \(U\+03B1\) is Greek/],
  ['\uff41da@x.example', /"ａ" \(U\+FF41\) before the @; write it as "a"/],
  ['mary\uff20x.example', /full-width ＠; write it as @/],
  ['\u0130da@x.example', /"İ" \(U\+0130\)/],
  ['a\u200bda@x.example', /the invisible U\+200B/],
  ['a\u00a0da@x.example', /the invisible U\+00A0/],
  ['a da@x.example', /a space before the @/],
  ['a😀@x.example', /"😀" \(U\+1F600\)/],
  ['a,b@x.example', /"," \(U\+002C\)/],
  ['\u0301a@x.example', /must not begin with U\+0301/],
  ['"a b"@x.example', /quotes \("\) before the @/],
  ['Mary <mary@x.example>', /the address alone, without a name/],
])('the rejection of %j names the reason', (raw, reason) => {
  expect(canonicalizeEmail(raw)).toMatchObject({
    ok: false,
    reason: expect.stringMatching(reason),
  });
});

test('a letter, mark or digit beyond ASCII is never stored as ASCII, and its stored form is stable', () => {
  const violations: string[] = [];
  for (let code = 0x80; code < 0x20000; code += 1) {
    const char = String.fromCodePoint(code);
    if (!/[\p{L}\p{M}\p{N}]/u.test(char)) continue;
    const result = canonicalizeEmail(`a${char}@x.example`);
    if (!result.ok) continue;
    const again = canonicalizeEmail(result.email);
    const isStable = again.ok && again.email === result.email;
    if (!isStable || !/[^\0-\x7f]/.test(result.email)) violations.push(char);
  }
  expect(violations).toEqual([]);
});

test.each(accepted)('%j is stored as %j, which is canonical', (raw, email) => {
  expect(canonicalizeEmail(raw)).toEqual({ ok: true, email });
  expect(canonicalizeEmail(email)).toEqual({ ok: true, email });
});

test.each([
  ['an empty text', ''],
  ['no @', 'ada.example.org'],
  ['two @', 'ada@b@example.org'],
  ['an empty local part', '@example.org'],
  ['an empty domain', 'ada@'],
  ['a space in the local part', 'a da@example.org'],
  ['a space before the domain', 'ada@ example.org'],
  ['a name before the address', 'Ada <ada@example.org>'],
  ['two addresses', 'ada@example.org, bob@example.org'],
  ['a NUL', 'ada\0@example.org'],
  ['a NUL in the domain', 'ada@exa\0mple.org'],
  ['a quoted local part that needs its quotes', '"ada king"@example.org'],
  ['an @ in quotes', '"x@acme.example@"@example.org'],
  ['only dots', '..@example.org'],
  ['a comment', 'ada(x)@example.org'],
])('%s is rejected', (_, raw) => {
  expect(canonicalizeEmail(raw)).toMatchObject({ ok: false });
});

test.each([
  ['dotted capital I, which folds to i', '\u0130da@example.org'],
  ['the Kelvin sign, which folds to k', '\u212ada@example.org'],
  ['long s, which folds to s', 'ada\u017f@example.org'],
  ['full-width letters', '\uff41da@example.org'],
  ['a Cyrillic look-alike', '\u0430da@example.org'],
  ['a zero-width space', 'a\u200bda@example.org'],
  ['a lone surrogate', 'a\ud800@example.org'],
])('a local part with %s is rejected, so it never equals an ASCII address', (_, raw) => {
  expect(canonicalizeEmail(raw)).toMatchObject({ ok: false });
});

test.each([
  ['one label', 'ada@localhost'],
  ['an empty label', 'ada@example..org'],
  ['a trailing dot', 'ada@example.org.'],
  ['a leading hyphen', 'ada@-example.org'],
  ['a trailing hyphen', 'ada@example-.org'],
  ['an underscore', 'ada@exa_mple.org'],
  ['an IPv4 literal', 'ada@192.0.2.1'],
  ['a full-width IPv4 literal', 'ada@１９２.０.２.１'],
  ['a hexadecimal IPv4 literal', 'ada@0x7f.1'],
  ['a bracketed IPv4 literal', 'ada@[192.0.2.1]'],
  ['an IPv6 literal', 'ada@[IPv6:2001:db8::1]'],
  ['a numeric last label', 'ada@example.123'],
  ['a percent escape', 'ada@ex%61mple.org'],
  ['a port', 'ada@example.org:25'],
  ['a path', 'ada@example.org/x'],
  ['a full-width slash', 'ada@example／x.org'],
  ['only an invisible first label', 'ada@\u200b.org'],
  ['a lone surrogate', 'ada@exa\ud800mple.org'],
  ['punycode that decodes to nothing', 'ada@xn--a.org'],
  ['punycode that is not well-formed', 'ada@xn--zzzz99999.org'],
  ['punycode of plain ASCII', 'ada@xn--example-.org'],
])('a domain with %s is rejected', (_, raw) => {
  expect(canonicalizeEmail(raw)).toMatchObject({ ok: false });
});

test('a local part has at most 64 bytes', () => {
  expect(canonicalizeEmail(`${'a'.repeat(64)}@example.org`)).toMatchObject({ ok: true });
  expect(canonicalizeEmail(`${'a'.repeat(65)}@example.org`)).toMatchObject({ ok: false });
});

test('a label has at most 63 bytes', () => {
  expect(canonicalizeEmail(`a@${'b'.repeat(63)}.org`)).toMatchObject({ ok: true });
  expect(canonicalizeEmail(`a@${'b'.repeat(64)}.org`)).toMatchObject({ ok: false });
});

test('an address has at most 254 bytes, as sent and as stored', () => {
  const labels = `${'b'.repeat(63)}.`.repeat(3);
  const longest = `${'a'.repeat(58)}@${labels}org`;
  expect(longest).toHaveLength(254);
  expect(canonicalizeEmail(longest)).toMatchObject({ ok: true });
  expect(canonicalizeEmail(`a${longest}`)).toMatchObject({ ok: false });
  const growing = `${'a'.repeat(60)}@${'ü.'.repeat(25)}example.org`;
  expect(Buffer.byteLength(growing)).toBeLessThanOrEqual(254);
  expect(canonicalizeEmail(growing)).toEqual({ ok: false, reason: 'must be at most 254 bytes' });
});

test('a megabyte of text is rejected', () => {
  expect(canonicalizeEmail('@'.repeat(1_000_000))).toMatchObject({ ok: false });
});
