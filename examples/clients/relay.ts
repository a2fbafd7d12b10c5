import { createClient } from 'graphql-sse';
import {
  Environment,
  type FetchFunction,
  type GraphQLResponse,
  Network,
  Observable,
  RecordSource,
  Store,
  type SubscribeFunction,
} from 'relay-runtime';

/** Operations of `url`, such as https://api.example.com/graphql, with the text that relay-compiler wrote. */
export function createRelayEnvironment(url: string, headers: Record<string, string>) {
  const execute: FetchFunction = async ({ text, name }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      credentials: 'include',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...headers,
      },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    return await response.json();
  };
  const streams = createClient({ url, headers, credentials: 'include' });
  const follow: SubscribeFunction = ({ text, name }, variables) =>
    Observable.create((sink) =>
      streams.subscribe(
        { query: text ?? '', operationName: name, variables },
        { ...sink, next: (result) => sink.next(result as GraphQLResponse) },
      ),
    );
  return new Environment({
    network: Network.create(execute, follow),
    store: new Store(new RecordSource()),
  });
}
