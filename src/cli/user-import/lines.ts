/** A line without its line break, or null if it is too long. */
export type Line = string | null;

/**
 * Splits a text stream into lines. Keeps at most `charsMax` characters in memory; a longer line is yielded as null. The
 * last line needs no line break.
 */
export async function* readLines(
  chunks: AsyncIterable<string>,
  charsMax: number,
): AsyncGenerator<Line> {
  let rest = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      const line = rest + chunk.slice(start, end);
      yield isTooLong || line.length > charsMax ? null : line.replace(/\r$/, '');
      [rest, isTooLong, start] = ['', false, end + 1];
    }
    rest += chunk.slice(start);
    if (rest.length > charsMax) [rest, isTooLong] = ['', true];
  }
  if (isTooLong) yield null;
  else if (rest !== '') yield rest;
}
