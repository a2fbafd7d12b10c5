/** Bytes of one encoded word: with its frame and the longest header name, its line has at most 76 characters. */
const wordBytesMax = 36;

/** Text that every mail program reads as it stands. A longer one would have to be folded. */
const plainPattern = /^[!-~](?: ?[!-~]){0,59}$/;

/**
 * One line of text as the value of an unstructured mail header, such as Subject. Whatever somebody typed, mail
 * programs show exactly that: text that looks like an encoded word (`=?utf-8?B?…?=`), which they would decode,
 * is encoded itself. Folded, ASCII only. Throws nothing.
 *
 * Source: RFC 2047, sections 2 (75 characters a word, 76 a line) and 5 (no character split between words).
 */
export function encodeHeaderText(line: string): string {
  if (plainPattern.test(line) && !line.includes('=?')) return line;
  return splitByBytes(line)
    .map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`)
    .join('\r\n ');
}

/**
 * Text as one line: control characters and line breaks become a space, since they would begin a header of
 * somebody else's choice or hide what follows. A byte order mark and halves of characters, which no two programs
 * read alike, are taken out. Throws nothing.
 */
export function toHeaderLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\ufeff\ufffd]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

function splitByBytes(line: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of line) {
    if (Buffer.byteLength(part + character) > wordBytesMax) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}
