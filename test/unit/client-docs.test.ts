import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const guide = readFileSync('docs/clients.md', 'utf8');

test('the client guide shows the exact code of examples/clients', () => {
  const shown = [...guide.matchAll(/^```ts\n\/\/ examples\/clients\/(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, name, code]) => [name, code],
  );
  const files = readdirSync('examples/clients').map((name) => [
    name,
    readFileSync(`examples/clients/${name}`, 'utf8'),
  ]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(files));
});
