import { GraphQLClient } from 'graphql-request';
import { createClient } from 'graphql-sse';

/** Queries and mutations of `url`, such as https://api.example.com/graphql, and subscriptions beside them. */
export function createPlainClients(url: string, headers: Record<string, string>) {
  return {
    requests: new GraphQLClient(url, { headers, credentials: 'include' }),
    streams: createClient({ url, headers, credentials: 'include' }),
  };
}
