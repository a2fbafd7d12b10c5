/** Bytes per encoded word: a line has at most 76 characters, with delimiters and the longest header name. */
const wordBytesMax = 36;

/** Text that needs no encoding. A longer one would have to be folded. */
const plainPattern = /^[!-~](?: ?[!-~]){0,59}$/;

/**
 * Encodes one line as the value of an unstructured mail header, such as Subject, so that mail programs show exactly
 * this text. Text that looks like an encoded word (`=?utf-8?B?…?=`) is encoded too. Folded, ASCII only. Throws
 * nothing.
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
 * Makes text one line: control characters and line breaks, which could inject headers, become a space. Byte order marks
 * and lone surrogates, which programs read differently, are removed. Throws nothing.
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
