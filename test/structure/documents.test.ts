import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'k6/README.md'],
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** A path of the repository in a code span, perhaps with a wildcard, but without a placeholder. */
const codePath = /`((?:src|test|migrations|docs|k6|prisma|examples)\/[\w./*-]+)`/g;
const link = /\]\((?!https?:|mailto:|#)([^)#\s]+)/g;

test('every file that a document names exists', () => {
  const missing = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8');
    const named = [...text.matchAll(codePath)].map(([, path = '']) => path);
    return named.filter((path) => globSync(path).length === 0).map((path) => `${page}: ${path}`);
  });
  expect(missing).toEqual([]);
});

test('every link between documents has an existing target', () => {
  const broken = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8');
    const targets = [...text.matchAll(link)].map(([, target = '']) => target);
    return targets
      .filter((target) => !existsSync(join(dirname(page), target)))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});
