/**
 * Blanks that keyboards, copying and files leave around a text: every kind of white space, and the
 * characters that take no room. Telephones put the first behind a completed word; address books and
 * web pages put the others around an address (U+200B, U+200E, U+202A, U+FEFF).
 */
const aroundCode =
  /[\s\u0085\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164]/;
/** As part of a name, joiners and direction marks have a meaning, so only what is a space goes. */
const aroundName = /[\s\u0085\u180e\u200b\u2060]/;

/**
 * Takes off the blanks around something that names one thing exactly: an address, a slug, an id, a
 * token, a domain. Nothing inside is changed. Time is linear; throws nothing.
 */
export function trimCode(text: string): string {
  return trim(text, aroundCode);
}

/** The same around text for people: a name, a reason, a search. */
export function trimName(text: string): string {
  return trim(text, aroundName);
}

/** By index, because a pattern that is anchored at the end takes quadratic time. */
function trim(text: string, blank: RegExp): string {
  let [start, end] = [0, text.length];
  while (start < end && blank.test(text.charAt(start))) start += 1;
  while (end > start && blank.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
