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

/** Whether the media type means an operation in JSON, by Yoga's own rule. */
export function isJsonContentType(contentType: string | null | undefined): boolean {
  const first = contentType?.split(',', 1)[0] ?? '';
  return /^application\/(graphql\+)?json(;|$)/.test(first);
}

/** @throws GraphQLError 415 unless the body is plain UTF-8 JSON */
export function assertJsonBody(headers: BodyHeaders): void {
  if (!isJsonContentType(headers.contentType)) {
    throw createHttpError(415, 'Send the operation as JSON with content-type: application/json.');
  }
  assertPlainUtf8(headers);
}

/**
 * Rejects another charset or encoding, which would be misread and stored.
 * @throws GraphQLError 415
 */
export function assertPlainUtf8(headers: BodyHeaders): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;,"]*)/i.exec(headers.contentType ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw createHttpError(415, 'Send the request body in UTF-8.');
  }
  if (headers.contentEncoding && headers.contentEncoding !== 'identity') {
    throw createHttpError(415, 'Send the request body without content-encoding.');
  }
}

/**
 * Parses the parameters of one operation. Depth and size are bounded here, so that no later code meets a value
 * nested a hundred thousand levels deep. Yoga checks their names and types.
 * @throws GraphQLError 400
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

/** Parses the parameters in the query string of a GET, with the same bounds. */
export function parseUrlParams(url: string): GraphQLParams {
  const { searchParams } = new URL(url, 'http://localhost');
  const params: GraphQLParams = {};
  for (const name of ['query', 'operationName'] as const) {
    const text = searchParams.get(name);
    if (text) params[name] = text;
  }
  for (const name of ['variables', 'extensions'] as const) {
    const text = searchParams.get(name);
    // Yoga checks that it is an object, as for a body.
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
 * Rejects persisted queries, where a hash or an id replaces the text. Drops an empty operation name, which some
 * clients send.
 */
function checkText(params: GraphQLParams, hasId: boolean): GraphQLParams {
  if (params.operationName === '') delete params.operationName;
  const isPersisted = hasId || params.extensions?.persistedQuery != null;
  if (isPersisted && params.query == null) throw createNotPersisted();
  return params;
}

/**
 * Makes Apollo Client, urql and compatible clients send the text and no further hashes: they look for this message or
 * code (https://www.apollographql.com/docs/apollo-server/performance/apq), some of them only with status 200.
 */
function createNotPersisted(): GraphQLError {
  return new GraphQLError('PersistedQueryNotSupported', {
    extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', http: { status: 200 } },
  });
}

function parseJson(text: string, place: string): unknown {
  const value = parseOrReject(text, place);
  if (countNodes(value, 1) > jsonNodesMax) {
    throw createHttpError(400, `The ${place} has more than ${jsonNodesMax} values.`);
  }
  return value;
}

function parseOrReject(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw createHttpError(400, `The ${place} is not valid JSON.`);
  }
}

/** Counts every value; the depth limit also bounds the recursion. */
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
