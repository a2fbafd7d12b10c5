/**
 * Blanks that keyboards, copying and files leave around a text: white space, which phones add after a completed word,
 * and zero-width characters, which address books and web pages put around an address (U+200B, U+200E, U+202A,
 * U+FEFF).
 */
const aroundCode =
  /[\s\u0085\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164]/;
/** Only spaces: joiners and direction marks have a meaning in names. */
const aroundName = /[\s\u0085\u180e\u200b\u2060]/;

/**
 * Trims an identifier: an address, slug, id, token or domain. Changes nothing inside. Linear time; throws nothing.
 */
export function trimCode(text: string): string {
  return trim(text, aroundCode);
}

/** Trims text for people: a name, a reason, a search. */
export function trimName(text: string): string {
  return trim(text, aroundName);
}

/** By index, because a pattern anchored at the end takes quadratic time. */
function trim(text: string, blank: RegExp): string {
  let [start, end] = [0, text.length];
  while (start < end && blank.test(text.charAt(start))) start += 1;
  while (end > start && blank.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
