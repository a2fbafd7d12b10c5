import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const guide = readFileSync('docs/clients.md', 'utf8');

test('the guide for clients shows the code of examples/clients, which tests run, letter for letter', () => {
  const shown = [...guide.matchAll(/^```ts\n\/\/ examples\/clients\/(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, name, code]) => [name, code],
  );
  const files = readdirSync('examples/clients').map((name) => [
    name,
    readFileSync(`examples/clients/${name}`, 'utf8'),
  ]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(files));
});
