import { isUtf8 } from 'node:buffer';
import { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { createHttpError } from '../http-error.ts';

const jsonDepthMax = 32;
const jsonNodesMax = 5_000;

const oneOperation = 'Batching is not supported: send each operation in a request of its own.';

/** The headers that say how a body is encoded. */
export type BodyHeaders = {
  contentType: string | null | undefined;
  contentEncoding: string | null | undefined;
};

/** True for the media types whose body is one operation in JSON, with Yoga's own tolerance. */
export function isJsonContentType(contentType: string | null | undefined): boolean {
  const first = contentType?.split(',', 1)[0] ?? '';
  return /^application\/(graphql\+)?json(;|$)/.test(first);
}

/**
 * Throws an error with status 415 unless the body is plain UTF-8 JSON: another charset or an
 * encoding would be misread, and misread text ends up in the database.
 */
export function assertJsonBody(headers: BodyHeaders): void {
  if (!isJsonContentType(headers.contentType)) {
    throw createHttpError(415, 'Send the operation as JSON with content-type: application/json.');
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;,"]*)/i.exec(headers.contentType ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw createHttpError(415, 'Send the request body in UTF-8.');
  }
  if (headers.contentEncoding && headers.contentEncoding !== 'identity') {
    throw createHttpError(415, 'Send the request body without content-encoding.');
  }
}

/**
 * The parameters of one operation, or an error with status 400. Depth and size are bounded here,
 * so that nothing behind has to fear a value that is a hundred thousand lists deep. What the
 * parameters may be (is `query` a string, are there others) is Yoga's own check.
 */
export function parseJsonBody(body: Buffer): GraphQLParams {
  if (!isUtf8(body)) throw createHttpError(400, 'The request body is not valid UTF-8.');
  const params = parseJson(body.toString('utf8'), 'request body');
  if (Array.isArray(params)) throw createHttpError(400, oneOperation);
  if (typeof params !== 'object' || params === null) {
    throw createHttpError(400, 'The request body must be a JSON object.');
  }
  return checkText(
    params,
    idNames.some((name) => Object.hasOwn(params, name)),
  );
}

/** The parameters of one operation in the query string of a GET, under the same bounds. */
export function parseUrlParams(url: string): GraphQLParams {
  const { searchParams } = new URL(url, 'http://localhost');
  const params: GraphQLParams = {};
  for (const name of ['query', 'operationName'] as const) {
    const text = searchParams.get(name);
    if (text) params[name] = text;
  }
  for (const name of ['variables', 'extensions'] as const) {
    const text = searchParams.get(name);
    // Whether it is an object is Yoga's own check, as for a body.
    if (text) params[name] = parseJson(text, `parameter "${name}"`) as Record<string, unknown>;
  }
  return checkText(
    params,
    idNames.some((name) => searchParams.has(name)),
  );
}

/** Names under which clients send the id of an operation instead of its text. */
const idNames = ['documentId', 'id', 'doc_id', 'queryId'];

/**
 * The parameters, unless a hash or an id stands for the text of the operation. An empty operation name, as some
 * clients send it, is none.
 */
function checkText(params: GraphQLParams, hasId: boolean): GraphQLParams {
  if (params.operationName === '') delete params.operationName;
  const isPersisted = hasId || params.extensions?.persistedQuery != null;
  if (isPersisted && params.query == null) throw createNotPersisted();
  return params;
}

/**
 * Makes Apollo Client, urql and others of their protocol send the text, and hashes no more: they look for this
 * message or this code (https://www.apollographql.com/docs/apollo-server/performance/apq), some of them only where
 * the status is 200.
 */
function createNotPersisted(): GraphQLError {
  return new GraphQLError('PersistedQueryNotSupported', {
    extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', http: { status: 200 } },
  });
}

function parseJson(text: string, place: string): unknown {
  const value = parseOrRefuse(text, place);
  if (countNodes(value, 1) > jsonNodesMax) {
    throw createHttpError(400, `The ${place} has more than ${jsonNodesMax} values.`);
  }
  return value;
}

function parseOrRefuse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw createHttpError(400, `The ${place} is not valid JSON.`);
  }
}

/** Counts every value; the depth guard also bounds the recursion. */
function countNodes(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (depth > jsonDepthMax) {
    throw createHttpError(400, `The JSON is nested deeper than ${jsonDepthMax} levels.`);
  }
  let count = 1;
  for (const part of Array.isArray(value) ? value : Object.values(value)) {
    count += countNodes(part, depth + 1);
  }
  return count;
}
