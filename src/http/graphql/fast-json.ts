import type { IncomingMessage } from 'node:http';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { type GraphQLParams, isAsyncIterable } from 'graphql-yoga';
import type { Exchange } from '../exchange.ts';
import type { HttpResponse } from '../response.ts';
import type { CreateContext, Engine } from './engine.ts';
import { listErrors, type MaskErrors } from './errors.ts';
import type { KnownOperation, KnownOperations } from './known-operations.ts';
import { findMediaType } from './media-type.ts';
import { assertJsonBody, isJsonContentType, parseJsonBody } from './request-params.ts';
import { createResultResponse } from './yoga-stand-ins.ts';

/** Responds to a request for which `isFastJson` holds; null leaves it to Yoga. */
export type HandleFastJson = (exchange: Exchange) => Promise<HttpResponse | null>;

/** True for what the fast way can answer: an operation in JSON, to be answered in JSON. */
export function isFastJson(req: IncomingMessage): boolean {
  return (
    req.method === 'POST' &&
    isJsonContentType(req.headers['content-type']) &&
    findMediaType(req.headers.accept) !== undefined
  );
}

/**
 * The fast way: the body goes from node:http straight into Yoga's `getResultForParams`, and the
 * result through Yoga's own `processRegularResult`, so every plugin runs and every status is
 * Yoga's, but no fetch Request, Response or stream is made. An operation that Yoga has let through before
 * is executed at once, with all that plugins do about executing; so whatever is refused before that is
 * refused by Yoga.
 */
export function createFastJson(options: {
  engine: Engine;
  knownOperations: KnownOperations;
  createContext: CreateContext;
  schema: GraphQLSchema;
  maskErrors: MaskErrors;
}): HandleFastJson {
  const { maskErrors, createContext, knownOperations } = options;
  // Taken once: the engine is a Proxy that wraps a method anew each time it is read.
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
      const request = createRequestView(exchange);
      const result = await getResultForParams({ params, request }, { exchange });
      if (result === undefined || isAsyncIterable(result)) throw new Error('Not a single result.');
      return result;
    } catch (thrown) {
      return { errors: listErrors(thrown) };
    }
  };
  return async (exchange) => {
    const mediaType = findMediaType(exchange.req.headers.accept);
    if (mediaType === undefined) return null;
    const result = await execute(exchange);
    if (result === null) return null;
    return createResultResponse(maskErrors(result, exchange.request), mediaType);
  };
}

async function readParams(exchange: Exchange): Promise<GraphQLParams> {
  const { headers } = exchange.req;
  assertJsonBody({
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
  });
  return parseJsonBody(await exchange.readBody());
}

/**
 * The words that make an operation's result a stream, where the schema has them at all. A false
 * alarm costs the slower way, nothing else.
 */
function createStreamDetector(schema: GraphQLSchema): (params: GraphQLParams) => boolean {
  const words = [
    ...(schema.getSubscriptionType() ? ['subscription'] : []),
    ...['defer', 'stream'].filter((name) => schema.getDirective(name)),
  ];
  return ({ query }) => typeof query === 'string' && words.some((word) => query.includes(word));
}

/**
 * What plugins may read of a request on both ways: method, url and single headers. Making
 * a whole fetch Request costs more than the rest of a small operation.
 */
function createRequestView(exchange: Exchange): Request {
  const { req } = exchange;
  const getHeader = (name: string) => req.headers[name.toLowerCase()]?.toString() ?? null;
  const view = {
    method: 'POST',
    url: `http://localhost${req.url}`,
    headers: { get: getHeader, has: (name: string) => getHeader(name) !== null },
  };
  return view as unknown as Request;
}
