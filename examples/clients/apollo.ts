import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';

/** Queries, mutations and subscriptions of `url`, such as https://api.example.com/graphql. */
export function createApolloClient(
  url: string,
  headers: Record<string, string>,
  possibleTypes: Record<string, string[]>,
) {
  const retries = new RetryLink({
    delay: { initial: 100 },
    attempts: { max: 3, retryIf: (_, operation) => isRepeatable(operation) },
  });
  const http = new HttpLink({ uri: url, headers, credentials: 'include' });
  return new ApolloClient({
    link: ApolloLink.from([retries, http]),
    cache: new InMemoryCache({ possibleTypes }),
  });
}

/** A mutation that was lost on the way may have been done: only its idempotency key makes it happen once. */
function isRepeatable({ operationType, variables }: ApolloLink.Operation): boolean {
  return operationType !== 'mutation' || variables.input?.idempotencyKey !== undefined;
}
