import { Client, fetchExchange } from '@urql/core';
import { type CacheExchangeOpts, cacheExchange } from '@urql/exchange-graphcache';
import { retryExchange } from '@urql/exchange-retry';

/** Queries, mutations and subscriptions of `url`, such as https://api.example.com/graphql. */
export function createUrqlClient(
  url: string,
  headers: Record<string, string>,
  schema: NonNullable<CacheExchangeOpts['schema']>,
) {
  const retries = retryExchange({
    initialDelayMs: 100,
    maxNumberAttempts: 3,
    // A mutation that was lost on the way may have been done: only its idempotency key makes it happen once.
    retryIf: ({ networkError }, { kind, variables }) =>
      networkError !== undefined &&
      (kind === 'query' || (kind === 'mutation' && variables?.input?.idempotencyKey !== undefined)),
  });
  return new Client({
    url,
    exchanges: [cacheExchange({ schema, keys: { Viewer: () => null } }), retries, fetchExchange],
    fetchSubscriptions: true,
    // Queries that GET sends need a header in production unless they come from a page of a listed origin.
    fetchOptions: {
      headers: { 'graphql-require-preflight': '1', ...headers },
      credentials: 'include',
    },
  });
}
