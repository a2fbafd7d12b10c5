import { formatCodePoint } from './text.ts';

/** Allowed by RFC 5322 before the @ without quotes, with dots anywhere. */
const asciiPattern = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/;
/**
 * The delimiters of an encoded word of RFC 2047. Mail programs decode it even in an address, where it is not allowed,
 * and would show another address. They differ in what they accept inside: Python accepts an empty charset.
 */
const encodedWordPattern = /=\?.*\?=/;
/** RFC 6531 allows every character beyond ASCII; names need only these. */
const wordPattern = /^[\p{L}\p{M}\p{Nd}]$/u;
const invisiblePattern = /^[\s\p{C}\p{Default_Ignorable_Code_Point}]$/u;

/** The scripts in everyday use: Unicode Standard Annex 31, table 5. */
const scripts = (
  'Latin Greek Cyrillic Armenian Georgian Hebrew Arabic Thaana Ethiopic Devanagari Bengali ' +
  'Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Khmer ' +
  'Han Hiragana Katakana Bopomofo Hangul'
).split(' ');
/** Scripts that Japan, China and Korea use together. */
const mixtures = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];
/** The "highly restrictive" level of Unicode Technical Standard 39, section 5.2. */
const alphabets = [...scripts.map((script) => [script]), ...mixtures].map((members) =>
  toPattern([...members, 'Common', 'Inherited']),
);
const scriptPatterns = scripts.map((script) => ({ script, pattern: toPattern([script]) }));

/**
 * Returns why a text is rejected before the @ of an address, as the end of a sentence that names the character, or null
 * if it is valid.
 *
 * A valid text has ASCII that needs no quotes, and letters, marks and digits of one alphabet. None is invisible, and
 * neither NFKC nor lower case turns a character beyond ASCII into ASCII. Throws nothing.
 */
export function findLocalPartViolation(local: string): string | null {
  if (!/[^.]/.test(local)) return 'must have a name before the @, as in mary@example.com';
  if (encodedWordPattern.test(local)) {
    return 'must not have an encoded word such as =?utf-8?q?…?= before the @';
  }
  if (asciiPattern.test(local)) return null;
  if (!local.isWellFormed()) return 'must be well-formed Unicode text';
  if (/^\p{M}/u.test(local)) return `must not begin with ${formatCodePoint(local)}`;
  for (const char of local) {
    const violation = findCharacterViolation(char);
    if (violation !== null) return violation;
  }
  return alphabets.some((alphabet) => alphabet.test(local)) ? null : explainMixture(local);
}

function findCharacterViolation(char: string): string | null {
  if (asciiPattern.test(char)) return null;
  const shown = formatCodePoint(char);
  if (char === '@') return 'must contain exactly one @';
  if (char === '"') return 'must not have quotes (") before the @, nor characters that need them';
  if (char === ' ') return 'must not have a space before the @';
  if (invisiblePattern.test(char)) return `must not have the invisible ${shown} before the @`;
  const plain = char.normalize('NFKC');
  if (plain !== char) return `must not have ${shown} before the @; write it as "${plain}"`;
  // The only letter that NFKC keeps and whose lower case begins with ASCII.
  if (wordPattern.test(char) && char !== '\u0130') return null;
  return `must not have ${shown} before the @`;
}

function explainMixture(local: string): string {
  const letters = Array.from(local, (char) => ({ char, script: findScript(char) })).filter(
    ({ char }) => /[\p{L}\p{Nd}]/u.test(char) && !toPattern(['Common', 'Inherited']).test(char),
  );
  const unknown = letters.find(({ script }) => script === null);
  if (unknown) return `must not have ${formatCodePoint(unknown.char)} before the @`;
  const [first] = letters;
  const other = letters.find(({ script }) => script !== first?.script);
  const named = [first, other].filter((letter) => letter !== undefined);
  const list = named.map(({ char, script }) => `${formatCodePoint(char)} is ${script}`);
  return `must not mix alphabets before the @: ${list.join(', ')}`;
}

function findScript(char: string): string | null {
  return scriptPatterns.find(({ pattern }) => pattern.test(char))?.script ?? null;
}

function toPattern(members: readonly string[]): RegExp {
  return new RegExp(
    `^[${members.map((name) => `\\p{Script_Extensions=${name}}`).join('')}]*$`,
    'u',
  );
}
