import type { IncomingMessage, RequestListener } from 'node:http';
import { GraphQLError } from 'graphql';
import { listLogIds } from '../core/request-telemetry.ts';
import type { Logger } from '../observability/logger.ts';
import { getPreflightHeaders } from './browser/cors.ts';
import { verifyCsrf } from './browser/csrf.ts';
import type { LogRejectedOrigin } from './browser/origin-hints.ts';
import type { OriginList } from './browser/origins.ts';
import type { FindDevPage } from './dev/pages.ts';
import { createExchange, type Exchange, type ExchangeOptions } from './exchange.ts';
import { maskedMessage } from './graphql/errors.ts';
import { createHttpError } from './http-error.ts';
import { busyResponse } from './load-shedding/shed-load.ts';
import { getRequestId } from './request-info.ts';
import { createErrorResponse, type HttpResponse, type WriteResponse } from './response.ts';

const urlLengthMax = 8_192;

const notFound = 'Not found. The API is at /graphql.';

export type ListenerOptions = {
  exchange: ExchangeOptions;
  corsOrigins: OriginList;
  /** Null outside development. */
  logRejectedOrigin: LogRejectedOrigin | null;
  hasGraphiQL: boolean;
  findDevPage: FindDevPage;
  /** Whether the server can handle requests; never throws. */
  isReady: () => Promise<boolean>;
  /** Whether the next operation must be shed; never throws. */
  mustShed: () => boolean;
  handleGraphQL: (exchange: Exchange) => Promise<HttpResponse>;
  write: WriteResponse;
  log: Logger;
};

/** Routing, URL limits, preflights and the last catch, in front of both paths. */
export function createListener(options: ListenerOptions): RequestListener {
  const route = (exchange: Exchange): HttpResponse | Promise<HttpResponse> => {
    const { url = '/' } = exchange.req;
    if (url.length > urlLengthMax) {
      throw createHttpError(414, `The URL is longer than ${urlLengthMax} characters.`);
    }
    const path = url.split('?', 1)[0] ?? '/';
    if (path === '/graphql') return handleGraphQL(exchange, options);
    if (path === '/healthz') return createHealthResponse();
    if (path === '/readyz') return createReadinessResponse(options.isReady);
    const isHome = path === '/' && exchange.req.method === 'GET';
    if (isHome && options.hasGraphiQL) return createRedirect('/graphql');
    if (path.startsWith('/dev/')) return getDevPage(exchange, path, options);
    throw createHttpError(404, notFound);
  };
  const respond = async (exchange: Exchange): Promise<void> => {
    try {
      await options.write(exchange, await route(exchange));
    } catch (thrown) {
      await options.write(exchange, toErrorResponse(thrown, exchange, options.log));
    }
  };
  return (req, res) => {
    // First, because most requests to an overloaded server end here.
    if (isOperation(req) && options.mustShed()) {
      const id = getRequestId(req.headers['x-request-id']);
      void options.write({ req, res, request: { id } }, busyResponse);
      return;
    }
    const exchange = createExchange(req, res, options.exchange);
    respond(exchange).catch((err) => {
      options.log.error({ err, ...listLogIds(exchange.request) }, 'response could not be written');
      res.destroy();
    });
  };
}

/** Any request to /graphql but a preflight. */
function isOperation({ url = '', method }: IncomingMessage): boolean {
  return (url === '/graphql' || url.startsWith('/graphql?')) && method !== 'OPTIONS';
}

function handleGraphQL(
  exchange: Exchange,
  options: ListenerOptions,
): HttpResponse | Promise<HttpResponse> {
  const { corsOrigins, logRejectedOrigin } = options;
  logRejectedOrigin?.(exchange.req.headers);
  if (exchange.req.method === 'OPTIONS') return createPreflightResponse(exchange.req, corsOrigins);
  verifyCsrf(exchange, corsOrigins);
  return options.handleGraphQL(exchange);
}

async function getDevPage(exchange: Exchange, path: string, options: ListenerOptions) {
  const page = await options.findDevPage(exchange.req, path);
  if (page === null) throw createHttpError(404, notFound);
  return page;
}

/** Only shows that the event loop runs; checks no dependency. */
function createHealthResponse(): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' };
}

/** Gives no reason: anyone can read this. */
async function createReadinessResponse(isReady: () => Promise<boolean>): Promise<HttpResponse> {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return (await isReady())
    ? { status: 200, headers, body: 'ok' }
    : { status: 503, headers, body: '' };
}

function createRedirect(location: string): HttpResponse {
  return { status: 302, headers: { location }, body: '' };
}

function createPreflightResponse(req: IncomingMessage, origins: OriginList): HttpResponse {
  const isAllowed = origins.includes(req.headers.origin);
  const headers = { allow: 'GET, POST, OPTIONS', ...getPreflightHeaders(isAllowed) };
  return { status: 204, headers, body: '' };
}

/** A GraphQLError is shown; anything else is a bug, masked but for the request id. */
function toErrorResponse(thrown: unknown, { request, res }: Exchange, log: Logger): HttpResponse {
  if (thrown instanceof GraphQLError) return createErrorResponse(thrown);
  const requestId = request.id;
  log.error({ err: thrown, ...listLogIds(request) }, 'unexpected error');
  // Too late for another response: only a broken connection shows that this one is incomplete.
  if (res.headersSent) res.destroy();
  const masked = new GraphQLError(maskedMessage, {
    extensions: { code: 'INTERNAL', requestId, http: { status: 500 } },
  });
  return createErrorResponse(masked);
}
