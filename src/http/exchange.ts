import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReportDuration, RequestInfo } from '../core/context.ts';
import { type CookieUse, getCookieUse, noCookieUse } from './browser/cookies.ts';
import { type ClientDisconnect, createClientDisconnect } from './client-disconnect.ts';
import { readBody } from './read-body.ts';
import { getRequestInfo, type ProxyTrust } from './request-info.ts';
import { createServerTiming } from './server-timing.ts';

/** One request and the way to answer it; the same for both ways through the server. */
export type Exchange = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: RequestInfo;
  /** The raw header; judged by `createContext`. */
  readonly authorization: string | null;
  /** The raw header: what the client can read. */
  readonly accept: string | undefined;
  readonly cookieToken: CookieUse['cookieToken'];
  readonly sessionKeeper: CookieUse['sessionKeeper'];
  readonly reportDuration: ReportDuration | null;
  /** When work on it began, by `performance.now()`: set on receipt, and again when it has its turn. */
  beganAt: number;
  /** Aborts when the caller goes away before the answer is written; cheap, for our own use. */
  getDisconnect(): ClientDisconnect;
  /** The body, read once. Throws an error (413) or an AbortError. */
  readBody(): Promise<Buffer>;
};

/** The server context that both ways pass to Yoga. */
export type ServerContext = { exchange: Omit<Exchange, 'req' | 'res'> };

export type ExchangeOptions = ProxyTrust & {
  bodyMaxBytes: number;
  sessionCookies: boolean;
  serverTiming: boolean;
};

/** Wraps a request of node:http; cheap, what is not asked for is not made. */
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
  // No `get` properties: an object literal with accessors gets a hidden class of its own each
  // time, which V8 keeps until a full collection (measured: a third of a small request).
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
