/** Bounds of one text field; lengths are in Unicode code points. */
export type TextRule = { min?: number; max: number; multiline?: boolean };

/** Control characters (C0, DEL, C1), U+2028 and U+2029. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const singleLineControls = /[\0-\x1f\x7f-\x9f\u2028\u2029]/;
/** The same, but multiline text may have tabs and line breaks (not `\r`). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const multilineControls = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;
/** Bidirectional overrides, embeddings and isolates, which make a name read as another. */
const bidiControls = /[\u202a-\u202e\u2066-\u2069]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const everyUnsafe = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** A visible character: neither white space nor a formatting or filler character. */
const visible = /[^\s\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Returns why a text is rejected, as the end of a sentence about the field ("must be at most 100 characters"), or null
 * if it is valid.
 *
 * A valid text is well-formed Unicode that PostgreSQL can store, within the bounds in code points, without control and
 * bidirectional formatting characters, and (with `min` of 1 or more) with a visible character. Time is linear to `max`.
 * Throws nothing.
 */
export function findTextViolation(value: string, rule: TextRule): string | null {
  const { min = 0, max, multiline = false } = rule;
  // A code point has at most two code units: this bounds the work before anything is scanned.
  if (value.length > 2 * max) return tooLong(max);
  if (!value.isWellFormed()) return 'must be well-formed Unicode text';
  const length = countCodePoints(value);
  if (length > max) return tooLong(max);
  if (min >= 1 && !visible.test(value)) return 'must not be blank';
  if (length < min) return `must be at least ${countOf(min)}`;
  if ((multiline ? multilineControls : singleLineControls).test(value)) {
    return 'must not contain control characters';
  }
  return bidiControls.test(value) ? 'must not contain text direction controls' : null;
}

/**
 * Sanitizes untrusted text for one line: characters that control a terminal, break the line or change its direction
 * become U+FFFD.
 */
export function toHarmlessLine(text: string): string {
  return text.toWellFormed().replace(everyUnsafe, '\ufffd');
}

/** Names the first character of a text for a message: `"ü" (U+00FC)`, or `U+200B` if invisible. */
export function formatCodePoint(text: string): string {
  const code = text.codePointAt(0) ?? 0;
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const isVisible = /^[\p{L}\p{N}\p{P}\p{S}]/u.test(text) && visible.test(text);
  return isVisible ? `"${String.fromCodePoint(code)}" (${number})` : number;
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function tooLong(max: number): string {
  return `must be at most ${countOf(max)}`;
}

function countOf(count: number): string {
  return count === 1 ? '1 character' : `${count} characters`;
}
