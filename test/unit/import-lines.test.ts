import { expect, test } from 'vitest';
import { readLines } from '../../src/cli/user-import/lines.ts';

async function listLines(chunks: string[], charsMax = 5) {
  async function* source() {
    yield* chunks;
  }
  const lines = [];
  for await (const line of readLines(source(), charsMax)) lines.push(line);
  return lines;
}

test.each([
  [['a\nb\n'], ['a', 'b']],
  [
    ['a\r\n', '\r\nb'],
    ['a', '', 'b'],
  ],
  [
    ['a', 'b', '\n', 'c'],
    ['ab', 'c'],
  ],
  [[], []],
  [['\n'], ['']],
])('the chunks %j hold the lines %j', async (chunks, lines) => {
  expect(await listLines(chunks)).toEqual(lines);
});

test.each([
  [['12345\n123456\n1\n'], ['12345', null, '1']],
  [
    ['123', '456', '789\n', '1'],
    [null, '1'],
  ],
  [['1234567'], [null]],
])('a line of %j that is too long becomes null: %j', async (chunks, lines) => {
  expect(await listLines(chunks)).toEqual(lines);
});
