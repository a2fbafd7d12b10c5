import { readFileSync } from 'node:fs';
import * as graphqlEslint from '@graphql-eslint/eslint-plugin';
import { ESLint, type Linter } from 'eslint';
import { expect, test } from 'vitest';

/** The set `schema-relay`, with two options where it demands more than the Relay specification. */
const rules = {
  // "Forward, backward, or both": some lists are only read forward.
  '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
  '@graphql-eslint/relay-connection-types': 'error',
  // Short lists without pages, such as the roles of a member, are no connections.
  '@graphql-eslint/relay-edge-types': [
    'error',
    { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
  ],
  '@graphql-eslint/relay-page-info': 'error',
} satisfies Linter.RulesRecord;

async function lint(sdl: string): Promise<string[]> {
  const eslint = new ESLint({
    overrideConfigFile: true,
    overrideConfig: {
      files: ['**/*.graphql'],
      languageOptions: {
        parser: graphqlEslint.parser,
        parserOptions: { graphQLConfig: { schema: sdl } },
      },
      // The package's own types are those of an older ESLint.
      plugins: { '@graphql-eslint': graphqlEslint as unknown as ESLint.Plugin },
      rules,
    },
  });
  const results = await eslint.lintText(sdl, { filePath: 'schema.graphql' });
  return results.flatMap(({ messages }) =>
    messages.map(({ line, ruleId, message }) => `${line}: ${ruleId}: ${message}`),
  );
}

test('the printed schema follows the rules for Relay connections', async () => {
  expect(await lint(readFileSync('src/schema.graphql', 'utf8'))).toEqual([]);
});

test('a schema that breaks the rules is reported, rule by rule', async () => {
  const findings = await lint(`
    type Query { users(first: String): UserConnection }
    type UserConnection { edges: [UserEdge] }
    type UserEdge { node: [User] cursor: Int }
    type PageInfo { hasNextPage: Boolean }
    type User { id: ID }`);
  for (const rule of Object.keys(rules)) expect(findings.join('\n')).toContain(rule);
});
