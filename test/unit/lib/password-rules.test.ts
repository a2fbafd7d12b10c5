import { expect, test } from 'vitest';
import { commonSequences, commonWords } from '../../../src/lib/common-passwords.ts';
import {
  describePasswordRules,
  findPasswordViolation as findViolation,
  normalizePassword,
} from '../../../src/lib/password-rules.ts';

const findPasswordViolation = (password: string, words: readonly string[]) =>
  findViolation(password, words, 15);

const words = ['acmecorp', 'tenantry', 'ada.lovelace', 'acme-corp.example', 'ada'];
/** Without patterns and words, so that only the length matters. */
const filler = 'kv7 wq2 zjx 9hm tfu 3pb gyo 5re dli 8cn '.repeat(4);

test.each([
  [14, 'must be at least 15 characters'],
  [15, null],
  [128, null],
  [129, 'must be at most 128 characters'],
])('the violation of a password of %i characters is %j', (length, violation) => {
  expect(findPasswordViolation(filler.slice(0, length), words)).toBe(violation);
});

test('lengths count code points after NFKC, not bytes or code units', () => {
  const emoji = ['😀', '🚀', '🌊', '🐙', '🎺', '🍋', '🧭', '🪁'];
  const fifteen = Array.from({ length: 15 }, (_, at) => emoji[(at * 3) % 8] ?? '').join('');
  expect(findPasswordViolation(fifteen.slice(2), words)).toBe('must be at least 15 characters');
  expect(findPasswordViolation(`${fifteen.slice(2)}kvwq`, words)).toBeNull();
  // NFKC expands a ligature to two or three letters.
  expect(findPasswordViolation(`kv7wq2zjx9ﬃ`, words)).toBe('must be at least 15 characters');
  expect(findPasswordViolation(`kv7wq2zjx9hﬃﬀ`, words)).toBeNull();
  // A letter and its mark count as one character once they are composed.
  const marks = 'a\u0308o\u0308e\u0301u\u0302i\u0300n\u0303c\u0327y\u0301'.repeat(8);
  const varied = `${marks.slice(0, 30)}kvwqzjxhmtfu${marks.slice(0, 60)}`;
  expect(findPasswordViolation(varied, words)).toBeNull();
});

test('composed and decomposed spellings are the same password', () => {
  const composed = 'un été à la plage';
  const decomposed = composed.normalize('NFD');
  expect(decomposed).not.toBe(composed);
  expect(normalizePassword(decomposed)).toBe(normalizePassword(composed));
  expect(normalizePassword('ｐａｓｓ ﬁ ①')).toBe('pass fi 1');
  expect(findPasswordViolation(decomposed, words)).toBeNull();
});

test('no character is cut off: passwords of 73 bytes that differ in the last one stay different', () => {
  const one = `${filler.slice(0, 72)}a`;
  const two = `${filler.slice(0, 72)}b`;
  expect(normalizePassword(one)).not.toBe(normalizePassword(two));
  expect(normalizePassword(one)).toHaveLength(73);
  expect(normalizePassword('Two  Spaces ')).toBe('Two  Spaces ');
});

test('text that is not well-formed or has control characters is rejected', () => {
  expect(findPasswordViolation(`${filler.slice(0, 20)}\ud800`, words)).toContain('well-formed');
  for (const control of ['\0', '\n', '\u001b', '\u007f', '\u0085']) {
    expect(findPasswordViolation(filler.slice(0, 20) + control, words)).toContain('control');
  }
});

test('a megabyte of text is rejected as too long', () => {
  expect(findPasswordViolation('\u0344'.repeat(1_000_000), words)).toBe(
    'must be at most 128 characters',
  );
});

test.each([
  'password123456789',
  'Password123456789!',
  'p4$$w0rd12345678',
  'P@ssw0rdP@ssw0rd',
  'Adm1n!strat0r!!',
  'we1c0me_we1c0me_',
  'p-a-s-s-w-o-r-d-1-2-3',
  'ｐａｓｓｗｏｒｄ１２３４５６７８９',
  'password7391028465',
  'Welcome2024!!!!',
  'summer2024summer',
  'monkeydragon12345',
  'qwertyuiopasdfgh',
  'passwordqwerty123456',
  '1qaz2wsx3edc4rfv',
  '!@#$%^&*()_+!@#',
  '123456789012345',
  '987654321098765',
  'abcdefghijklmno',
  'zyxwvutsrqponml',
  'aaaaaaaaaaaaaaa',
  '               ',
  'ababababababababa',
  'abcabcabcabcabc',
  '000111222333444555',
  'xyzzy-xyzzy-xyzzy',
])('%j is rejected as common', (password) => {
  expect(findPasswordViolation(password, words)).toBe(
    'must not be a common password or a simple pattern',
  );
});

test.each([
  'acmecorpacmecorpacmecorp',
  'Acme-Corp Acme-Corp',
  '4cmec0rp-4cmec0rp',
  'Tenantry2024!!!!',
  'tenantry-acmecorp',
  'adalovelace1234',
  'ada.lovelace@acme-corp',
  'lovelace-secret1',
])('%j is rejected, since it is made of the account’s own words', (password) => {
  expect(findPasswordViolation(password, words)).toBe(
    'must not be made mostly of names that belong to this account',
  );
});

test.each([
  'correct horse battery staple',
  'correct-horse-battery-staple',
  'demo-password-for-ada',
  'a quiet harbour at dawn',
  'tenantry feeds nine quiet otters',
  'dragon monkey sunshine',
  'пароль для входа в дом',
  'これはとても長いパスワードです',
  'zT4#kq9!Lw2@xB7',
  '9f86d081884c7d65',
  '839201756348201',
  '#%^&*)(+=-_}{][:;',
])('%j is accepted', (password) => {
  expect(findPasswordViolation(password, words)).toBeNull();
});

test('more than 3,000 common passwords are rejected when stretched to the required length', () => {
  const sequences = commonSequences.flatMap((sequence) => [
    sequence,
    [...sequence].reverse().join(''),
  ]);
  const stems = [...commonWords, ...sequences];
  const stretched = stems.flatMap((stem) => [
    stem.repeat(15),
    stem + '1234567890'.repeat(2),
    `${stem.charAt(0).toUpperCase()}${stem.slice(1)}2024!!!!!!!!!!!`,
  ]);
  const accepted = stretched
    .map((password) => password.slice(0, 128))
    .filter((password) => findPasswordViolation(password, []) === null);
  expect(stretched.length).toBeGreaterThan(3_000);
  expect(accepted).toEqual([]);
});

test('the list has only words that the rule can find: lower case, four letters or more', () => {
  for (const word of commonWords) expect(word).toMatch(/^[a-z0-9]{4,}$/);
});

test('account words of fewer than four letters reject no password', () => {
  expect(
    findPasswordViolation('a quiet harbour at dawn', ['a', 'at', '', '...', 'qui']),
  ).toBeNull();
});

test.each([8, 15, 64])(
  'a minimum of %i characters is enforced and named in messages',
  (lengthMin) => {
    const long = Array.from({ length: 64 }, (_, at) =>
      String.fromCodePoint(0x1d400 + 7 * at, 0x3b1 + at),
    )
      .join('')
      .normalize('NFKC');
    const chars = Array.from(long);
    expect(findViolation(chars.slice(0, lengthMin - 1).join(''), [], lengthMin)).toBe(
      `must be at least ${lengthMin} characters`,
    );
    expect(findViolation(chars.slice(0, lengthMin).join(''), [], lengthMin)).toBeNull();
    expect(describePasswordRules(lengthMin)[0]).toContain(`At least ${lengthMin} and at most 128`);
  },
);
