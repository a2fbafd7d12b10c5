import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { profiles, scenarioNames } from '../../k6/runner/arguments.ts';
import { findK6 } from '../../k6/runner/find-k6.ts';

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(atRoot(name), 'utf8');

const schema = buildSchema(read('src/schema.graphql'));
const k6 = await findK6();

describe.each(readdirSync(atRoot('k6/operations')))('%s', (file) => {
  test('is valid against the public schema', () => {
    expect(validate(schema, parse(read(`k6/operations/${file}`)))).toEqual([]);
  });

  test('is used', () => {
    expect(read('k6/lib/documents.ts')).toContain(`'../operations/${file}'`);
  });
});

test('the table of k6/README.md lists every scenario with its command', () => {
  const rows = read('k6/README.md').matchAll(
    /^\| `([a-z-]+)` \|.*`npm run k6 -- (.+) --profile load` \|$/gm,
  );
  const listed = [...rows].map(([, name, run]) => [name, run]);
  expect(listed.toSorted()).toEqual(scenarioNames.map((name) => [name, name]));
});

test('runner, scripts and README know the same profiles', () => {
  const inScripts = /profileNames = \[([^\]]+)\]/.exec(read('k6/lib/settings.ts'))?.[1] ?? '';
  expect([...inScripts.matchAll(/'(\w+)'/g)].map(([, name]) => name)).toEqual(profiles);
  for (const profile of profiles) expect(read('k6/README.md')).toContain(`| \`${profile}\` |`);
});

test('no scenario sleeps, so iterations start on schedule and not after the previous one', () => {
  for (const folder of ['lib', 'scenarios']) {
    for (const file of readdirSync(atRoot(`k6/${folder}`))) {
      expect(read(`k6/${folder}/${file}`)).not.toMatch(/\bsleep\b/);
    }
  }
});

// Without k6 this is skipped; rehearsal.test.ts runs the scripts in any case.
if (k6 !== null) {
  describe.each(scenarioNames)('k6 accepts %s', (name) => {
    test.each(profiles)('with the profile %s', async (profile) => {
      const env = { ...process.env, LOAD_PROFILE: profile };
      const args = ['inspect', '--include-system-env-vars', atRoot(`k6/scenarios/${name}.ts`)];
      await expect(promisify(execFile)(k6, args, { env })).resolves.toBeDefined();
    });
  });
}
