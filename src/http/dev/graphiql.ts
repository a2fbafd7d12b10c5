import { readFile } from 'node:fs/promises';
import type { GraphiQLOptions } from 'graphql-yoga';
import { sessionHeader, sessionHeaderValue } from '../browser/cookies.ts';
import type { ExampleTab } from './example-queries.ts';

/**
 * The page of GraphiQL with nothing fetched from elsewhere: Yoga's own page loads its scripts from
 * a public CDN, so the package that carries them is used instead, read when first asked for. With
 * examples, a script of our own runs before those of GraphiQL.
 */
export async function renderGraphiQL(options: GraphiQLOptions): Promise<string> {
  const offline = await import('@graphql-yoga/render-graphiql');
  const page = offline.renderGraphiQL(options);
  if (options.defaultTabs === undefined) return page;
  const script = await readFile(new URL('./assets/graphiql.js', import.meta.url), 'utf8');
  return page.replace('</head>', () => `<script>(() => {\n${script}})();</script>\n</head>`);
}

/**
 * One tab for each example. With `sessionCookies` the page asks for its session in a cookie, so that signing in
 * in one tab signs in all of them. Both are for a browser on this machine: elsewhere, without TLS, no browser
 * keeps such a cookie. Operations are sent by POST, whose body the page's script fills.
 */
export function getGraphiQLOptions(
  examples: readonly ExampleTab[],
  { sessionCookies }: { sessionCookies: boolean },
): GraphiQLOptions {
  const [first] = examples;
  if (first === undefined) return { title };
  return {
    title,
    method: 'POST',
    defaultQuery: first.query,
    defaultTabs: examples.map(({ query, variables }) => ({
      query,
      variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
    })),
    ...(sessionCookies ? { additionalHeaders: { [sessionHeader]: sessionHeaderValue } } : {}),
  };
}

const title = 'Tenantry';
