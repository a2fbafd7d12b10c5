import { commonSequences, commonWords } from './common-passwords.ts';

/** In code points after NFKC, as every length here; NIST SP 800-63B-4 asks for 64 at least. */
export const passwordLengthMax = 128;

/** NFKC shortens text by far less than this factor, so longer text is too long in any form. */
const codeUnitsRead = 32 * passwordLengthMax;
/** Shorter words occur in any text by chance. */
const wordLengthMin = 4;
const sequenceLengthMin = 4;
/** Words have double letters, but rarely triple ones. */
const runLengthMin = 3;
/** The minimum score of a password; a random letter scores about 1. */
const scoreMin = 6;
/** Signs and digits that replace letters in spellings such as `p@ssw0rd`. */
const signLetters = { '@': 'a', '4': 'a', '3': 'e', '0': 'o', $: 's', '5': 's', '7': 't' };
const signAlphabets: readonly Readonly<Record<string, string>>[] = [
  {},
  { ...signLetters, '1': 'i', '!': 'i' },
  { ...signLetters, '1': 'l', '!': 'l' },
];
const commonDictionary = createDictionary(commonWords);
const sequences = commonSequences.flatMap((sequence) => [
  sequence,
  Array.from(sequence).reverse().join(''),
]);

/**
 * Returns the NFKC form in which passwords are hashed and verified, so that keyboards that compose letters differently
 * give the same password. Truncates nothing and keeps the case. Throws nothing.
 */
export function normalizePassword(raw: string): string {
  return raw.normalize('NFKC');
}

/**
 * Returns why a new password is rejected, as the end of a sentence, or null if it is valid.
 *
 * `words` are what an attacker would try first for this account: the product, the organisation, parts of the e-mail
 * address. Words under 4 characters are ignored.
 *
 * A valid password has `lengthMin` to 128 code points after NFKC, is well-formed, has no control characters, is not
 * mostly `words`, and not merely common words, sequences and repeats, alone or padded (NIST SP 800-63B-4 section
 * 3.1.1.2: length and a blocklist, no composition rules). No network, no state, bounded work. Throws nothing.
 */
export function findPasswordViolation(
  raw: string,
  words: readonly string[],
  lengthMin: number,
): string | null {
  if (raw.length > codeUnitsRead) return tooLong();
  if (!raw.isWellFormed()) return 'must be well-formed Unicode text';
  const password = normalizePassword(raw);
  const chars = Array.from(password);
  if (chars.length < lengthMin) return `must be at least ${lengthMin} characters`;
  if (chars.length > passwordLengthMax) return tooLong();
  if (/\p{Cc}/u.test(password)) return 'must not contain control characters';
  return findGuessableViolation(password, words);
}

/**
 * Describes the rules of `findPasswordViolation` in sentences for users, the length first. Throws nothing.
 */
export function describePasswordRules(lengthMin: number): readonly string[] {
  return [
    `At least ${lengthMin} and at most ${passwordLengthMax} characters, of any kind; spaces count.`,
    'No control characters.',
    'No common password, sequence or repetition, alone or with something added.',
    'Not made mostly of your e-mail address, the name of your organisation or of the product.',
  ];
}

function tooLong(): string {
  return `must be at most ${passwordLengthMax} characters`;
}

function findGuessableViolation(password: string, words: readonly string[]): string | null {
  const unit = findRepeatedUnit(Array.from(password.toLowerCase()));
  const ownWords = createDictionary(new Set(words.flatMap(splitWord)));
  const { rest } = extractWords(unit, ownWords);
  if (countSpelled(rest) * 2 < countSpelled(unit)) {
    return 'must not be made mostly of names that belong to this account';
  }
  return isTooCommon(unit, ownWords) ? 'must not be a common password or a simple pattern' : null;
}

function countSpelled(chars: readonly string[]): number {
  return chars.filter((char) => /[\p{L}\p{N}]/u.test(char)).length;
}

/** Returns the shortest prefix whose repetition makes the whole (the last time perhaps cut short). */
function findRepeatedUnit(chars: readonly string[]): readonly string[] {
  for (let period = 1; period * 2 <= chars.length; period += 1) {
    if (chars.every((char, at) => at < period || char === chars[at - period])) {
      return chars.slice(0, period);
    }
  }
  return chars;
}

/** Splits a word as it might be typed into a password: without its separators, and in parts. */
function splitWord(word: string): string[] {
  const parts = normalizePassword(word)
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return [parts.join(''), ...parts].filter(
    (part) => part.length >= wordLengthMin && part.length <= passwordLengthMax,
  );
}

/**
 * Whether too little of it is unknown to an attacker. A word may contain a sequence ("liberty" has "erty") and a
 * sequence a word, so both orders of splitting count.
 */
function isTooCommon(chars: readonly string[], ownWords: Dictionary): boolean {
  const patterns = extractPatterns(chars);
  const ownLater = extractWords(patterns.rest, ownWords);
  const commonLater = extractWords(ownLater.rest, commonDictionary);
  const own = extractWords(chars, ownWords);
  const common = extractWords(own.rest, commonDictionary);
  const patternsLater = extractPatterns(common.rest);
  return (
    isScoreTooLow(commonLater.rest, { patterns, own: ownLater, common: commonLater }) ||
    isScoreTooLow(patternsLater.rest, { patterns: patternsLater, own, common })
  );
}

type Pieces = { patterns: Extracted; own: Extracted; common: Extracted };

/**
 * Scores distinct pieces and the rest. Repeating a character or a piece adds nothing, and all patterns together score at
 * most one and a half common words.
 */
function isScoreTooLow(rest: readonly string[], { patterns, own, common }: Pieces): boolean {
  const letters = rest.filter((char) => /\p{L}/u.test(char));
  const others = rest.filter((char) => !/\p{L}/u.test(char));
  // One word padded with digits and signs is the most common kind of password.
  if (own.pieces.size + common.pieces.size === 1 && letters.length === 0) return true;
  const score =
    new Set(letters).size +
    Math.min(others.length / 2, new Set(others).size) +
    Math.min(patterns.pieces.size, 3) +
    own.pieces.size +
    common.pieces.size * 2;
  return score < scoreMin;
}

/** Words to find, and the length of the longest. */
type Dictionary = { words: ReadonlySet<string>; lengthMax: number };

function createDictionary(words: ReadonlySet<string>): Dictionary {
  return { words, lengthMax: Math.max(0, ...Array.from(words, (word) => Array.from(word).length)) };
}

/** The distinct pieces found, and the remaining characters. */
type Extracted = { rest: readonly string[]; pieces: ReadonlySet<string> };

/** Finds words from left to right, the longest first, in any spelling. */
function extractWords(chars: readonly string[], dictionary: Dictionary): Extracted {
  const covered = new Set<number>();
  const pieces = new Set<string>();
  // Ignores separators, so that `p-a-s-s` and `pass` are the same word.
  const places = Array.from(chars.keys()).filter((at) => /[\p{L}\p{N}@$!]/u.test(chars[at] ?? ''));
  const spellings = signAlphabets.map((letters) =>
    places.map((at) => letters[chars[at] ?? ''] ?? chars[at] ?? ''),
  );
  for (let start = 0; start < places.length; start += 1) {
    const word = findWordAt(spellings, start, dictionary);
    if (word === null) continue;
    const length = Array.from(word).length;
    for (const at of places.slice(start, start + length)) covered.add(at);
    pieces.add(word);
    start += length - 1;
  }
  return { rest: chars.filter((_, at) => !covered.has(at)), pieces };
}

function findWordAt(
  spellings: readonly (readonly string[])[],
  start: number,
  dictionary: Dictionary,
): string | null {
  const candidates = spellings.map((chars) => chars.slice(start, start + dictionary.lengthMax));
  const longest = candidates[0]?.length ?? 0;
  for (let length = longest; length >= wordLengthMin; length -= 1) {
    for (const candidate of candidates) {
      const word = candidate.slice(0, length).join('');
      if (dictionary.words.has(word)) return word;
    }
  }
  return null;
}

/** Finds runs of one character, known sequences and years. */
function extractPatterns(chars: readonly string[]): Extracted {
  const rest: string[] = [];
  const pieces = new Set<string>();
  let start = 0;
  while (start < chars.length) {
    const length = findPatternLengthAt(chars, start);
    const piece = chars.slice(start, start + Math.max(1, length));
    if (length === 0) rest.push(...piece);
    else pieces.add(piece.join(''));
    start += piece.length;
  }
  return { rest, pieces };
}

function findPatternLengthAt(chars: readonly string[], start: number): number {
  const differsAt = chars.findIndex((char, at) => at > start && char !== chars[start]);
  const runLength = (differsAt === -1 ? chars.length : differsAt) - start;
  const sequenceLength = findSequenceLengthAt(chars, start);
  if (runLength >= runLengthMin && runLength >= sequenceLength) return runLength;
  if (sequenceLength >= sequenceLengthMin) return sequenceLength;
  const isYear = /^(?:19|20)\d\d(?!\d)/.test(chars.slice(start, start + 5).join(''));
  return isYear && !/\d/.test(chars[start - 1] ?? '') ? 4 : 0;
}

function findSequenceLengthAt(chars: readonly string[], start: number): number {
  let piece = '';
  for (const char of chars.slice(start)) {
    if (!sequences.some((sequence) => sequence.includes(piece + char))) break;
    piece += char;
  }
  return Array.from(piece).length;
}
