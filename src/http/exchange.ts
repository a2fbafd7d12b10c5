import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReportDuration, RequestInfo } from '../core/context.ts';
import { type CookieUse, getCookieUse, noCookieUse } from './browser/cookies.ts';
import { type ClientDisconnect, createClientDisconnect } from './client-disconnect.ts';
import { readBody } from './read-body.ts';
import { getRequestInfo, type ProxyTrust } from './request-info.ts';
import { createServerTiming } from './server-timing.ts';

/** One request and its response; the same on the fast path and on Yoga's. */
export type Exchange = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: RequestInfo;
  /** The raw header; `createContext` verifies it. */
  readonly authorization: string | null;
  /** The raw header. */
  readonly accept: string | undefined;
  readonly cookieToken: CookieUse['cookieToken'];
  readonly sessionKeeper: CookieUse['sessionKeeper'];
  readonly reportDuration: ReportDuration | null;
  /** When work began, by `performance.now()`: set on receipt, and again on leaving the queue. */
  beganAt: number;
  /** Aborts when the client disconnects before the response is written. */
  getDisconnect(): ClientDisconnect;
  /** The body, read once. @throws GraphQLError 413, or an AbortError */
  readBody(): Promise<Buffer>;
};

/** The server context that both paths pass to Yoga. */
export type ServerContext = { exchange: Omit<Exchange, 'req' | 'res'> };

export type ExchangeOptions = ProxyTrust & {
  bodyMaxBytes: number;
  sessionCookies: boolean;
  serverTiming: boolean;
};

/** Wraps a request of node:http; the body and the disconnect signal are created on first use. */
export function createExchange(
  req: IncomingMessage,
  res: ServerResponse,
  options: ExchangeOptions,
): Exchange {
  let disconnect: ClientDisconnect | undefined;
  let body: Promise<Buffer> | undefined;
  const { bodyMaxBytes, sessionCookies } = options;
  const { cookieToken, sessionKeeper } = sessionCookies ? getCookieUse(req, res) : noCookieUse;
  const getDisconnect = () => {
    disconnect ??= createClientDisconnect(res);
    return disconnect;
  };
  // No `get` properties: each object literal with accessors gets a hidden class of its own, which V8
  // keeps until a full collection (measured: a third of a small request).
  return {
    req,
    res,
    request: getRequestInfo(req, options),
    authorization: req.headers.authorization ?? null,
    accept: req.headers.accept,
    cookieToken,
    sessionKeeper,
    reportDuration: options.serverTiming ? createServerTiming(res) : null,
    beganAt: performance.now(),
    getDisconnect,
    readBody() {
      body ??= readBody(req, bodyMaxBytes);
      return body;
    },
  };
}
