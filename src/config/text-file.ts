/** The bytes are not text in a supported encoding. */
export class TextFileError extends Error {
  override readonly name = 'TextFileError';
}

/**
 * Decodes a text file: UTF-8 with or without a byte order mark, or UTF-16 with one (which Windows PowerShell 5 writes).
 * The mark is not part of the text.
 * @throws TextFileError for anything else, such as Latin-1.
 */
export function decodeTextFile(bytes: Uint8Array): string {
  const text = decode(bytes, findEncoding(bytes));
  // UTF-16 of ASCII without a mark is valid UTF-8 too, with a NUL for every other character.
  if (text.includes('\0')) throw createError();
  return text;
}

function findEncoding([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}

function decode(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw createError();
  }
}

function createError(): TextFileError {
  return new TextFileError('is not UTF-8 text; write it as UTF-8');
}
