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

test.each(accepted)('%j is stored as %j, and canonicalizing that changes nothing', (raw, email) => {
  expect(canonicalizeEmail(raw)).toEqual({ ok: true, email });
  expect(canonicalizeEmail(email)).toEqual({ ok: true, email });
});

test.each([
  ['nothing', ''],
  ['no @', 'ada.example.org'],
  ['two @', 'ada@b@example.org'],
  ['an empty local part', '@example.org'],
  ['an empty domain', 'ada@'],
  ['a leading space', ' ada@example.org'],
  ['a trailing space', 'ada@example.org '],
  ['a trailing line break', 'ada@example.org\n'],
  ['a NUL', 'ada\0@example.org'],
  ['a NUL in the domain', 'ada@exa\0mple.org'],
  ['a quoted local part', '"ada"@example.org'],
  ['a leading dot', '.ada@example.org'],
  ['a trailing dot in the local part', 'ada.@example.org'],
  ['two dots', 'a..da@example.org'],
  ['a comment', 'ada(x)@example.org'],
])('%s is refused', (_, raw) => {
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
])('a local part with %s is refused, so it can never meet an ASCII address', (_, raw) => {
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
])('a domain with %s is refused', (_, raw) => {
  expect(canonicalizeEmail(raw)).toMatchObject({ ok: false });
});

test('the local part may have 64 bytes and not 65', () => {
  expect(canonicalizeEmail(`${'a'.repeat(64)}@example.org`)).toMatchObject({ ok: true });
  expect(canonicalizeEmail(`${'a'.repeat(65)}@example.org`)).toMatchObject({ ok: false });
});

test('a label may have 63 bytes and not 64', () => {
  expect(canonicalizeEmail(`a@${'b'.repeat(63)}.org`)).toMatchObject({ ok: true });
  expect(canonicalizeEmail(`a@${'b'.repeat(64)}.org`)).toMatchObject({ ok: false });
});

test('the whole may have 254 bytes and not 255, as sent and as stored', () => {
  const labels = `${'b'.repeat(63)}.`.repeat(3);
  const longest = `${'a'.repeat(58)}@${labels}org`;
  expect(longest).toHaveLength(254);
  expect(canonicalizeEmail(longest)).toMatchObject({ ok: true });
  expect(canonicalizeEmail(`a${longest}`)).toMatchObject({ ok: false });
  const growing = `${'a'.repeat(60)}@${'ü.'.repeat(25)}example.org`;
  expect(Buffer.byteLength(growing)).toBeLessThanOrEqual(254);
  expect(canonicalizeEmail(growing)).toEqual({ ok: false, reason: 'must be at most 254 bytes' });
});

test('a megabyte of text is refused without being read', () => {
  expect(canonicalizeEmail('@'.repeat(1_000_000))).toMatchObject({ ok: false });
});
