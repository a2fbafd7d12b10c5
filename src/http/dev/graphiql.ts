import { readFile } from 'node:fs/promises';
import type { GraphiQLOptions } from 'graphql-yoga';
import { sessionHeader, sessionHeaderValue } from '../browser/cookies.ts';
import type { ExampleTab } from './example-queries.ts';

/**
 * Renders GraphiQL without external requests: Yoga's own page loads its scripts from a CDN, so a package that
 * contains them is used, loaded on first use. With examples, a script of ours runs before GraphiQL.
 */
export async function renderGraphiQL(options: GraphiQLOptions): Promise<string> {
  const offline = await import('@graphql-yoga/render-graphiql');
  const page = offline.renderGraphiQL(options);
  if (options.defaultTabs === undefined) return page;
  const script = await readFile(new URL('./assets/graphiql.js', import.meta.url), 'utf8');
  return page.replace('</head>', () => `<script>(() => {\n${script}})();</script>\n</head>`);
}

/**
 * One tab per example. With `sessionCookies` the page requests its session in a cookie, so one sign-in applies to all
 * tabs. Both are for browsers on this machine: elsewhere no browser stores the cookie without TLS. Operations are
 * sent by POST, because the page's script fills in their body.
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
