import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { ServerContext } from '../../exchange.ts';
import { createHttpError } from '../../http-error.ts';
import { streamMultipart } from '../multipart-subscription.ts';
import { findStreamType } from '../stream-type.ts';

const howToSubscribe = 'Subscriptions need a stream: send the header accept: text/event-stream.';

/**
 * Rejects a subscription, before any work, from a client that does not accept a stream: it would wait for the end of
 * the response. Adds the multipart protocol of Apollo Client to Yoga's event streams.
 */
export function useSubscriptionStreams(): Plugin<ServerContext, ServerContext> {
  return {
    onSubscribe({ args, setResultAndStopExecution }) {
      const { exchange }: ServerContext = args.contextValue;
      if (findStreamType(exchange.accept) !== null) return;
      setResultAndStopExecution({ errors: [createHttpError(406, howToSubscribe)] });
    },
    onResultProcess({ result, serverContext, setResultProcessor }) {
      if (!isAsyncIterable(result)) return;
      if (findStreamType(serverContext.exchange.accept) !== 'multipart/mixed') return;
      setResultProcessor((_, fetchAPI) => streamMultipart(result, fetchAPI), 'multipart/mixed');
    },
  };
}
