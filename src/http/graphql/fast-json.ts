import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { type GraphQLParams, isAsyncIterable } from 'graphql-yoga';
import type { Exchange } from '../exchange.ts';
import type { HttpResponse } from '../response.ts';
import type { CreateContext, Engine } from './engine.ts';
import { listErrors, type MaskErrors } from './errors.ts';
import type { KnownOperation, KnownOperations } from './known-operations.ts';
import { findMediaType } from './media-type.ts';
import { assertPlainUtf8, isJsonContentType, parseJsonBody } from './request-params.ts';
import { createRequestStandIn, createResultResponse } from './yoga-stand-ins.ts';

/** Handles a request that sends an operation in JSON and accepts JSON; null leaves all others to Yoga. */
export type HandleFastJson = (exchange: Exchange) => Promise<HttpResponse | null>;

/**
 * The fast path: the body goes from node:http straight to Yoga's `getResultForParams`, and the result through
 * Yoga's own `processRegularResult`. Every plugin runs and every status is Yoga's, without a fetch Request,
 * Response or stream. An operation that Yoga has validated before is executed at once, with the `onExecute`
 * hooks of all plugins; all others are validated, and rejected, by Yoga.
 */
export function createFastJson(options: {
  engine: Engine;
  knownOperations: KnownOperations;
  createContext: CreateContext;
  schema: GraphQLSchema;
  maskErrors: MaskErrors;
}): HandleFastJson {
  const { maskErrors, createContext, knownOperations } = options;
  // Read once: the engine is a Proxy that wraps a method on every read.
  const { getResultForParams } = options.engine;
  const mayStream = createStreamDetector(options.schema);
  const executeKnown = async (
    { execute: run, ...operation }: KnownOperation,
    variableValues: GraphQLParams['variables'],
    exchange: Exchange,
  ): Promise<ExecutionResult> => {
    const context = await createContext(exchange, exchange.request);
    const contextValue = Object.assign(context, { exchange });
    return await run({ ...operation, variableValues, contextValue });
  };
  const execute = async (exchange: Exchange): Promise<ExecutionResult | null> => {
    try {
      const params = await readParams(exchange);
      if (mayStream(params)) return null;
      const known = knownOperations.find(params);
      if (known !== null) return await executeKnown(known, params.variables, exchange);
      const request = createRequestStandIn(exchange);
      const result = await getResultForParams({ params, request }, { exchange });
      if (result === undefined || isAsyncIterable(result)) throw new Error('Not a single result.');
      return result;
    } catch (thrown) {
      return { errors: listErrors(thrown) };
    }
  };
  return async (exchange) => {
    const { method, headers } = exchange.req;
    if (method !== 'POST' || !isJsonContentType(headers['content-type'])) return null;
    const mediaType = findMediaType(headers.accept);
    if (mediaType === undefined) return null;
    const result = await execute(exchange);
    if (result === null) return null;
    return createResultResponse(maskErrors(result, exchange.request), mediaType);
  };
}

async function readParams(exchange: Exchange): Promise<GraphQLParams> {
  const { headers } = exchange.req;
  assertPlainUtf8({
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
  });
  return parseJsonBody(await exchange.readBody());
}

/** Whether a document holds a word that can make its result a stream. A false positive takes the slower path. */
function createStreamDetector(schema: GraphQLSchema): (params: GraphQLParams) => boolean {
  const words = [
    ...(schema.getSubscriptionType() ? ['subscription'] : []),
    ...['defer', 'stream'].filter((name) => schema.getDirective(name)),
  ];
  return ({ query }) => typeof query === 'string' && words.some((word) => query.includes(word));
}
