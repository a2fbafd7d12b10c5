import type { GraphiQLOptions } from 'graphql-yoga';

/**
 * The page of GraphiQL with nothing fetched from elsewhere: Yoga's own page loads its scripts from
 * a public CDN, so the package that carries them is used instead, read when first asked for.
 */
export async function renderGraphiQL(options: GraphiQLOptions): Promise<string> {
  const offline = await import('@graphql-yoga/render-graphiql');
  return offline.renderGraphiQL(options);
}

/**
 * One tab for each example. `examples` is GraphQL text in which a line `# --- Title` begins the
 * next tab and stays as its first line.
 */
export function getGraphiQLOptions(examples: string): GraphiQLOptions {
  const queries = examples
    .split(/^(?=# --- )/m)
    .map((query) => query.trim())
    .filter((query) => query !== '');
  return {
    title: 'Tenantry',
    ...(queries[0] === undefined ? {} : { defaultQuery: queries[0] }),
    ...(queries.length > 0 ? { defaultTabs: queries.map((query) => ({ query })) } : {}),
  };
}
