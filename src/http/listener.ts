import type { IncomingMessage, RequestListener } from 'node:http';
import { GraphQLError } from 'graphql';
import { listLogIds } from '../core/request-telemetry.ts';
import type { Logger } from '../observability/logger.ts';
import { getPreflightHeaders } from './browser/cors.ts';
import { assertNotForged } from './browser/csrf.ts';
import type { HintAtOrigin } from './browser/origin-hints.ts';
import type { OriginList } from './browser/origins.ts';
import type { AnswerDevPage } from './dev/pages.ts';
import { createExchange, type Exchange, type ExchangeOptions } from './exchange.ts';
import { maskedMessage } from './graphql/errors.ts';
import { createRejection } from './http-error.ts';
import { busyAnswer } from './load-shedding/shed-load.ts';
import { getRequestId } from './request-info.ts';
import { type Answer, createRejectionAnswer, type WriteAnswer } from './response.ts';

const urlLengthMax = 8_192;

const nothingHere = 'Not found. The API is at /graphql.';

export type ListenerOptions = {
  exchange: ExchangeOptions;
  corsOrigins: OriginList;
  /** Null where nobody wants to know of origins that are not allowed. */
  hintAtOrigin: HintAtOrigin | null;
  hasGraphiQL: boolean;
  answerDevPage: AnswerDevPage;
  /** Whether requests should be sent here; never throws. */
  isReady: () => Promise<boolean>;
  /** Whether there is no room for one more operation; never throws. */
  turnsAway: () => boolean;
  answerGraphQL: (exchange: Exchange) => Promise<Answer>;
  write: WriteAnswer;
  log: Logger;
};

/** Routes, URL limits, preflights and the last catch, in front of both ways. */
export function createListener(options: ListenerOptions): RequestListener {
  const answer = (exchange: Exchange): Answer | Promise<Answer> => {
    const { url = '/' } = exchange.req;
    if (url.length > urlLengthMax) {
      throw createRejection(414, `The URL is longer than ${urlLengthMax} characters.`);
    }
    const path = url.split('?', 1)[0] ?? '/';
    if (path === '/graphql') return answerGraphQL(exchange, options);
    if (path === '/healthz') return createHealthAnswer();
    if (path === '/readyz') return answerReadiness(options.isReady);
    const isHome = path === '/' && exchange.req.method === 'GET';
    if (isHome && options.hasGraphiQL) return createRedirect('/graphql');
    if (path.startsWith('/dev/')) return answerDevPage(exchange, path, options);
    throw createRejection(404, nothingHere);
  };
  const respond = async (exchange: Exchange): Promise<void> => {
    try {
      await options.write(exchange, await answer(exchange));
    } catch (thrown) {
      await options.write(exchange, answerThrown(thrown, exchange, options.log));
    }
  };
  return (req, res) => {
    // Before anything is made for it: of those that come to an overloaded server most end here.
    if (isOperation(req) && options.turnsAway()) {
      const id = getRequestId(req.headers['x-request-id']);
      void options.write({ req, res, request: { id } }, busyAnswer);
      return;
    }
    const exchange = createExchange(req, res, options.exchange);
    respond(exchange).catch((err) => {
      options.log.error({ err, ...listLogIds(exchange.request) }, 'response could not be written');
      res.destroy();
    });
  };
}

/** Everything but a preflight. */
function isOperation({ url = '', method }: IncomingMessage): boolean {
  return (url === '/graphql' || url.startsWith('/graphql?')) && method !== 'OPTIONS';
}

function answerGraphQL(exchange: Exchange, options: ListenerOptions): Answer | Promise<Answer> {
  const { corsOrigins, hintAtOrigin } = options;
  hintAtOrigin?.(exchange.req.headers);
  if (exchange.req.method === 'OPTIONS') return createPreflightAnswer(exchange.req, corsOrigins);
  assertNotForged(exchange, corsOrigins);
  return options.answerGraphQL(exchange);
}

async function answerDevPage(exchange: Exchange, path: string, options: ListenerOptions) {
  const page = await options.answerDevPage(exchange.req, path);
  if (page === null) throw createRejection(404, nothingHere);
  return page;
}

/** Says only that the event loop turns; nothing behind it is asked. */
function createHealthAnswer(): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' };
}

/** Says nothing of why not: anyone who sends requests needs none of it, and a stranger may read this. */
async function answerReadiness(isReady: () => Promise<boolean>): Promise<Answer> {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return (await isReady())
    ? { status: 200, headers, body: 'ok' }
    : { status: 503, headers, body: '' };
}

function createRedirect(location: string): Answer {
  return { status: 302, headers: { location }, body: '' };
}

function createPreflightAnswer(req: IncomingMessage, origins: OriginList): Answer {
  const isAllowed = origins.includes(req.headers.origin);
  const headers = { allow: 'GET, POST, OPTIONS', ...getPreflightHeaders(isAllowed) };
  return { status: 204, headers, body: '' };
}

/** An error says why; anything else is a bug of ours and shows nothing but the request's id. */
function answerThrown(thrown: unknown, { request, res }: Exchange, log: Logger): Answer {
  if (thrown instanceof GraphQLError) return createRejectionAnswer(thrown);
  const requestId = request.id;
  log.error({ err: thrown, ...listLogIds(request) }, 'unexpected error');
  // Too late for another answer: only a broken connection tells that this one is incomplete.
  if (res.headersSent) res.destroy();
  const masked = new GraphQLError(maskedMessage, {
    extensions: { code: 'INTERNAL', requestId, http: { status: 500 } },
  });
  return createRejectionAnswer(masked);
}
