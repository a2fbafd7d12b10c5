import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// Texts are written in the words of the field, as the glossary in CONTRIBUTING.md says. This list holds the
// words that used to stand here instead; it is read over all source, SQL and documentation.

/** Each pattern with what to write instead. */
const banned: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\blest\b/i, 'so that … not'],
  [/\bwho(m)?ever\b/i, 'anyone who, the caller, the user'],
  [/\b(tell|tells|told) of\b/i, 'record, report, notify'],
  [/\bha(s|d|ve) had (its|their) time\b/i, 'expired'],
  [/\b(not|no longer) good any ?more\b|\bis not good\b/i, 'no longer valid'],
  [/\bperson itself\b/i, 'the user themselves'],
  [/\bbefall/i, 'affect'],
  [/\bamid\b/i, 'during'],
  [/\bturn(s|ed)? away\b/i, 'rejects, sheds'],
  [/\b[Rr]aises\b/, 'Throws'],
  [/\b[Aa]nswers (whether|the|how|null|what|its|a|an|true|false)\b/, 'returns'],
  [/\brefusals?\b/i, 'error, rejection, denied attempt'],
  [/(?<![/.-])\btrails?\b(?![-.])/i, 'audit log'],
  [/\b(heed|deaf)\w*/i, 'wait for invalidations, disconnected'],
  [/\/\*\* What\b/, 'a noun or a verb: "The …", "Returns …"'],
];

/** Places that are still to be read; one that has been read leaves the list for good. */
const unread = [
  'test/cli/',
  'test/clients/',
  'test/databases/',
  'test/deployment/',
  'test/domains/',
  'test/faults/',
  'test/http/',
  'test/k6/',
  'test/migrations/',
  'test/observability/',
  'test/schema/',
  'test/structure/',
  'test/support/',
  'test/tools/',
];

/** Printed by programs of which we write no word, or figures alone. */
const printed = /^docs\/performance\.md$|generated\/|package-lock|plain-words\.test\.ts$/;

function listFiles(): string[] {
  const folders = ['src', 'migrations', 'prisma', 'k6', 'examples', 'docs', 'test'];
  const inside = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name.replaceAll('\\', '/')}`,
    ),
  );
  return [...inside, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter(
    (file) => /\.(ts|js|mjs|sql|md|graphql|prisma|yml)$/.test(file) && !printed.test(file),
  );
}

/** The places of a text that need another word, as lines for people. The glossary's own table is left out. */
function findBannedWords(file: string, text: string): string[] {
  const isGlossary = (line: string) => file === 'CONTRIBUTING.md' && line.startsWith('|');
  return text.split('\n').flatMap((line, index) =>
    isGlossary(line)
      ? []
      : banned.flatMap(([pattern, instead]) => {
          const found = pattern.exec(line)?.[0];
          return found ? [`${file}:${index + 1}: "${found}": write ${instead}`] : [];
        }),
  );
}

test('every text that has been read is written in the words of the field', () => {
  const files = listFiles().filter((file) => !unread.some((place) => file.startsWith(place)));
  expect(
    files.flatMap((file) => findBannedWords(file, readFileSync(file, 'utf8'))).slice(0, 50),
  ).toEqual([]);
});

test('a word of the list is found in whatever it stands', () => {
  expect(
    findBannedWords('a.ts', '/** What it is. */\nok\n// raises nothing, lest it fails'),
  ).toEqual([
    'a.ts:1: "/** What": write a noun or a verb: "The …", "Returns …"',
    'a.ts:3: "lest": write so that … not',
    'a.ts:3: "raises": write Throws',
  ]);
});
