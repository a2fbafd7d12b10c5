/** A line without its end, or null for one that is longer than may be. */
export type Line = string | null;

/**
 * Cuts a stream of text into lines, one at a time, and holds no more than the longest that may be: of
 * a longer one nothing is kept but that it was there. A last line needs no end.
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
